#include "cli/raw_terminal.hpp"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace cli {
namespace {

constexpr std::array<int, 5> kRestoringSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT};

// For a signal handler, which has no other way to them.
volatile std::sig_atomic_t is_taken = 0;
int terminal_fd = -1;
termios as_it_was;
std::array<struct sigaction, kRestoringSignals.size()> actions_before;

void put_back() {
  // A write to the terminal from a background job would stop the program; it is put back all the same.
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  tcsetattr(terminal_fd, TCSANOW, &as_it_was);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void give_back_signals() {
  for (std::size_t i = 0; i < kRestoringSignals.size(); ++i)
    sigaction(kRestoringSignals[i], &actions_before[i], nullptr);
}

void give_back() {
  if (is_taken == 0) return;
  is_taken = 0;
  put_back();
  give_back_signals();
}

// What was done before is done when this handler returns and lets signals through again.
extern "C" void lowmeg_put_terminal_back(int signal) {
  const int saved_errno = errno;
  give_back();
  raise(signal);
  errno = saved_errno;
}

void watch_signals() {
  struct sigaction action{};
  action.sa_handler = lowmeg_put_terminal_back;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  for (std::size_t i = 0; i < kRestoringSignals.size(); ++i) {
    sigaction(kRestoringSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler != SIG_IGN) sigaction(kRestoringSignals[i], &action, nullptr);
  }
}

}  // namespace

std::unique_ptr<RawTerminal> RawTerminal::take(int fd) {
  if (tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &as_it_was) != 0) return nullptr;
  terminal_fd = fd;
  termios raw = as_it_was;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IXON | ISTRIP);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  raw.c_cc[VSUSP] = _POSIX_VDISABLE;
  is_taken = 1;
  watch_signals();
  if (tcsetattr(fd, TCSANOW, &raw) != 0) {
    give_back();
    return nullptr;
  }
  return std::unique_ptr<RawTerminal>(new RawTerminal);
}

RawTerminal::~RawTerminal() {
  give_back();
}

}  // namespace cli
