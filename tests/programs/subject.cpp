#include "tests/programs/subject.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace programs {
namespace {

constexpr std::chrono::seconds kPatience{300};  // with a whole batch

// A file of its own, for as long as it lives.
class ImageFile {
 public:
  explicit ImageFile(const std::vector<std::uint8_t>& image) {
    const int fd = ::mkstemp(path_.data());
    if (fd < 0) throw std::runtime_error("no temporary file");
    ::close(fd);
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  }
  ~ImageFile() { ::unlink(path_.c_str()); }
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/lowmeg-program-XXXXXX";
};

}  // namespace

std::string LowmegSubject::run(std::span<const Program> programs, Telling telling) {
  vmm::MachineConfig config;
  config.memory.firmware = image_of(programs, telling);
  config.pam = vmm::PamEffect::kChip;
  config.bridge.identity = identity_;
  config.accel = accel_;
  config.kvm_map = kvm_map_;
  config.timing = accel_ == vmm::Accel::kSoft ? vmm::Timing::kDeterministic : vmm::Timing::kWall;
  config.until = "";
  config.timeout = kPatience;
  std::string console;
  lowmeg::NullEventSink events;
  auto machine = vmm::Machine::create(config, {events, [&console](char c) { console += c; },
                                               [](const vmm::TimelineEntry&, std::uint64_t) {}});
  if (!machine) throw std::runtime_error(machine.error().message());
  const vmm::Outcome outcome = (*machine)->run();
  if (outcome.kind != vmm::Outcome::Kind::kPowerOff) console += "\n! " + outcome.message + "\n";
  return console;
}

std::string CommandSubject::run(std::span<const Program> programs, Telling telling) {
  const ImageFile file(image_of(programs, telling));
  std::string command = command_;
  for (std::size_t at; (at = command.find("{}")) != std::string::npos;) command.replace(at, 2, file.path());
  // SAFETY: the command is the caller's own, to run as he would.
  std::FILE* const pipe = ::popen(
      ("timeout " + std::to_string(kPatience.count()) + " sh -c '" + command + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("no process for " + command);
  std::string console;
  std::array<char, 65536> bytes{};
  while (const std::size_t size = std::fread(bytes.data(), 1, bytes.size(), pipe))
    console.append(bytes.data(), size);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 124) console += "\n! time-out\n";
  return console;
}

}  // namespace programs
