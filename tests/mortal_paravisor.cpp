// A paravisor in a process that kills itself (-9) at a named point of each access that changes a segment, or
// that has another policy than the library's: mortal_paravisor SOCKET [POINT]. For the tests of split mode.
#include <csignal>
#include <cstdio>
#include <string>

#include "lowmeg/get/unix_transport.hpp"
#include "tests/mortal_transport.hpp"
#include "vmm/chipset/ranges/paravisor.hpp"

namespace {

std::unique_ptr<lowmeg::get::Transport> transport_to(const std::string& path, const std::string& point_name) {
  auto socket = lowmeg::get::PacketSocket::connect(path);
  if (!socket) return nullptr;
  auto transport = std::make_unique<lowmeg::get::UnixTransport>(std::move(*socket));
  for (const auto& [point, name] : lowmeg::kCrashPoints) {
    if (name == point_name)
      return std::make_unique<lowmeg::MortalTransport>(std::move(transport), point, [] { ::raise(SIGKILL); });
  }
  return transport;
}

}  // namespace

int main(int argc, char** argv) {
  auto transport = transport_to(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
  if (!transport) return 1;
  lowmeg::NullEventSink events;
  auto paravisor = vmm::Paravisor::create(std::move(transport), {}, events);
  if (!paravisor) {
    std::fprintf(stderr, "%s\n", paravisor.error().message().c_str());
    return 2;
  }
  while ((*paravisor)->serve(std::chrono::steady_clock::now() + std::chrono::seconds(10))) {
  }
  return 0;
}
