// protobuf's own compiler reads what we write by our .proto files, and writes it again.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdio>
#include <filesystem>

#include "tests/fakes/golden.hpp"

namespace lowmeg::state {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// What a shell prints.
std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  for (int c; pipe && (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
  EXPECT_TRUE(pipe && pclose(pipe) == 0) << command << "\n" << output;
  return output;
}

struct Kind {
  const char* prefix;
  const char* message;
  const char* file;
};
// The Any is the original one here, which our own must equal.
constexpr Kind kKinds[] = {
    {"adjuster_any", "google.protobuf.Any", "google/protobuf/any.proto"},
    {"bridge_any", "google.protobuf.Any", "google/protobuf/any.proto"},
    {"adjuster", "underhill.emuplat.i440bx.host_pci_bridge.SavedState", "lowmeg/state/proto/adjuster.proto"},
    {"bridge", "chipset.i440bx.host_pci_bridge.SavedState", "lowmeg/state/proto/bridge.proto"},
    {"chip_any", "google.protobuf.Any", "google/protobuf/any.proto"},
    {"chip", "lowmeg.chip_bridge.SavedState", "lowmeg/state/proto/chip.proto"},
    {"range", "topology.MemoryRange", "lowmeg/state/proto/topology.proto"},
};

std::string protoc(const char* mode, const std::string& name) {
  for (const Kind& kind : kKinds) {
    if (!name.starts_with(kind.prefix)) continue;
    return fmt::format("'{}' -I'{}' --{}={} {}", LOWMEG_PROTOC, LOWMEG_SOURCE_DIR, mode, kind.message,
                       kind.file);
  }
  ADD_FAILURE() << name;
  return "false";
}

TEST(Protoc, ReadsAndWritesEveryGoldenFile) {
  const auto names = fakes::golden_names("");
  EXPECT_EQ(names.size(), 18u);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string file = "'" + fakes::golden_path(name + ".bin") + "'";
    const std::string bytes =
        output_of(protoc("decode", name) + " < " + file + " | " + protoc("encode", name));
    EXPECT_EQ(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), fakes::golden(name));
  }
}

TEST(Protoc, GivesTheFieldsTheirNames) {
  const auto decoded = [](const std::string& name) {
    return output_of(protoc("decode", name) + " < '" + fakes::golden_path(name + ".bin") + "'");
  };
  EXPECT_THAT(decoded("bridge_pam_shadowed"), HasSubstr("pam_reg2: 858993457\n"));
  EXPECT_THAT(decoded("bridge_pam_shadowed"), HasSubstr("cfg_space {\n  command: 263\n"));
  EXPECT_THAT(decoded("adjuster_writable_vga"), HasSubstr("      remote_handle: 101\n      range {\n"));
  EXPECT_THAT(decoded("adjuster_writable_vga"), HasSubstr("gpa_offset: 1073479680\n"));
}

}  // namespace
}  // namespace lowmeg::state
