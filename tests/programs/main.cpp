// random_programs: runs random guest programs on two machines, and prints and keeps those that come out
// differently, made as short as they go.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <map>

#include "tests/programs/comparison.hpp"
#include "tests/programs/generator.hpp"
#include "tests/programs/model.hpp"

namespace programs {
namespace {

const std::map<std::string, Profile> kProfiles{
    {"whole", kWhole}, {"kvm", kForKvm}, {"bochs", kForBochs}, {"qemu", kForQemu}};

constexpr const char* kQemu =
    "qemu-system-i386 -M pc -m 64 -bios {} -display none -nodefaults -accel tcg "
    "-chardev stdio,id=d -device isa-debugcon,iobase=0x402,chardev=d -device "
    "isa-debug-exit,iobase=0x501,iosize=1";

struct Options {
  std::uint64_t seed = 1;
  unsigned count = 960, keep = 10;
  std::string profile = "whole", bridge = "i440fx", folder;
  std::vector<std::string> subjects{"soft", "kvm"};
};

std::unique_ptr<Subject> subject(const std::string& name, const Options& options) {
  const auto& identity = options.bridge == "i440bx" ? lowmeg::bridge::kI440bx : lowmeg::bridge::kI440fx;
  if (name == "model")
    return std::make_unique<ModelSubject>(options.bridge == "i440bx" ? lowmeg::kNaiveBx : lowmeg::kNaiveFx);
  if (name == "soft") return std::make_unique<LowmegSubject>(vmm::Accel::kSoft, vmm::KvmMap::kAuto, identity);
  if (name == "kvm")
    return std::make_unique<LowmegSubject>(vmm::Accel::kKvm, vmm::KvmMap::kProtect, identity);
  if (name == "kvm-slots")
    return std::make_unique<LowmegSubject>(vmm::Accel::kKvm, vmm::KvmMap::kSlots, identity);
  return std::make_unique<CommandSubject>(name == "qemu" ? kQemu : name);
}

void keep(const Program& program, const std::string& name, const Options& options) {
  if (options.folder.empty()) return;
  const auto image = image_of({&program, 1}, Telling::kAll);
  std::ofstream(options.folder + "/" + name + ".bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  std::ofstream(options.folder + "/" + name + ".txt") << listing(program);
}

int compare(const Options& options) {
  const auto one = subject(options.subjects.at(0), options), other = subject(options.subjects.at(1), options);
  Comparison comparison(*one, *other, kProfiles.at(options.profile));
  constexpr unsigned kBatch = 96;
  unsigned run = 0, different = 0;
  for (std::uint64_t batch = 0; run < options.count; ++batch) {
    Generator generator((options.seed << 32) + batch, kProfiles.at(options.profile));
    std::vector<Program> programs(std::min(kBatch, options.count - run));
    for (Program& program : programs) program = generator.next();
    const std::vector<bool> differ = comparison.differ(programs);
    for (std::size_t i = 0; i < programs.size(); ++i) {
      if (!differ[i]) continue;
      const std::string name = fmt::format("{}-{}", options.seed, batch * kBatch + i);
      if (different++ >= options.keep) continue;
      if (!comparison.differ({&programs[i], 1})[0]) {
        fmt::print("{}: alone it does not differ: a time-out, or what the programs before it left\n", name);
        continue;
      }
      const Program shortest = comparison.minimized(programs[i]);
      fmt::print("{}:\n{}\n", name, comparison.explain(shortest));
      keep(shortest, name, options);
    }
    run += static_cast<unsigned>(programs.size());
    fmt::print("{} programs, {} differ\n", run, different);
    std::fflush(stdout);
  }
  return different == 0 ? 0 : 1;
}

}  // namespace
}  // namespace programs

int main(int argc, char** argv) {
  programs::Options options;
  CLI::App app("Runs random guest programs on two machines and shows those that come out differently");
  app.add_option("SUBJECTS", options.subjects,
                 "Two of: model, soft, kvm, kvm-slots, qemu, or a command with {} for the image")
      ->expected(2);
  app.add_option("--seed", options.seed, "Which programs")->capture_default_str();
  app.add_option("--count", options.count, "How many")->capture_default_str();
  app.add_option("--keep", options.keep, "How many that differ are made short")->capture_default_str();
  app.add_option("--profile", options.profile, "What they rely on")
      ->check(CLI::IsMember({"whole", "kvm", "bochs", "qemu"}))
      ->capture_default_str();
  app.add_option("--bridge", options.bridge, "Lowmeg's")
      ->check(CLI::IsMember({"i440fx", "i440bx"}))
      ->capture_default_str();
  app.add_option("--folder", options.folder, "Where the short ones go, as ROM and listing");
  CLI11_PARSE(app, argc, argv);
  try {
    return programs::compare(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "random_programs: {}\n", error.what());
    return 2;
  }
}
