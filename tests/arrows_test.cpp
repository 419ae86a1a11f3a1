// The arrows between the rooms: who may include whom, after the design's table of rooms.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Each room and the rooms that it may include, itself left out. A room that does not exist yet does no harm.
const std::map<std::string, std::set<std::string>> kArrows{
    {"lowmeg/core", {}},
    {"lowmeg/memory", {"lowmeg/core"}},
    {"lowmeg/bridge", {"lowmeg/core"}},
    {"lowmeg/decode", {"lowmeg/core", "lowmeg/memory"}},
    {"lowmeg/get", {"lowmeg/core", "lowmeg/memory"}},
    {"lowmeg/hyperv", {"lowmeg/core", "lowmeg/get"}},
    {"lowmeg/kvm", {"lowmeg/core", "lowmeg/memory"}},
    {"lowmeg/state", {"lowmeg/core", "lowmeg/bridge", "lowmeg/hyperv"}},
    // The C interface; <lowmeg/lowmeg.h> lies in include/ and is no room's.
    {"lowmeg/c",
     {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/decode", "lowmeg/get", "lowmeg/hyperv",
      "lowmeg/kvm"}},
    {"lowmeg/c_state", {"lowmeg/core", "lowmeg/bridge", "lowmeg/hyperv", "lowmeg/c", "lowmeg/state"}},
    {"vmm/board", {"lowmeg/core", "lowmeg/bridge", "lowmeg/memory"}},
    {"vmm/chipset",
     {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/decode", "lowmeg/get", "lowmeg/state"}},
    {"vmm/chipset/decode",
     {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/decode", "lowmeg/state", "vmm/chipset"}},
    {"vmm/chipset/ranges",
     {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/get", "lowmeg/hyperv", "lowmeg/state",
      "vmm/chipset"}},
    {"vmm/cpu_soft", {"lowmeg/core", "lowmeg/memory", "vmm/board"}},
    {"vmm/gdb", {"lowmeg/core", "vmm/cpu_soft"}},
    {"vmm/qtest", {}},
    {"vmm/cpu_kvm", {"lowmeg/core", "lowmeg/memory", "lowmeg/kvm", "vmm/board"}},
    {"vmm",
     {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/decode", "lowmeg/get", "lowmeg/hyperv",
      "lowmeg/kvm", "lowmeg/state", "vmm/board", "vmm/chipset", "vmm/chipset/decode", "vmm/chipset/ranges",
      "vmm/cpu_soft", "vmm/cpu_kvm", "vmm/gdb"}},
    {"cli/decode", {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/decode"}},
    {"cli/state", {"lowmeg/core", "lowmeg/bridge", "lowmeg/hyperv", "lowmeg/state"}},
    {"cli/qtest", {"lowmeg/core"}},
    {"guest/conformance", {}},
    {"guest/program", {}},
    {"cli/trace", {"lowmeg/core", "vmm", "vmm/chipset"}},
    {"cli/line", {"vmm", "cli/decode", "cli/qtest", "cli/state"}},
    {"cli",
     {"lowmeg/core", "lowmeg/get", "vmm", "vmm/chipset", "vmm/chipset/ranges", "vmm/qtest", "cli/line",
      "cli/decode", "cli/qtest", "cli/state", "cli/trace", "guest/conformance"}},
};

// The room that holds a path from the root of the sources: the longest that is a prefix of its folder.
std::optional<std::string> room_of(const std::string& path) {
  for (std::size_t end = path.rfind('/'); end != std::string::npos && end != 0;
       end = path.rfind('/', end - 1)) {
    if (kArrows.contains(path.substr(0, end))) return path.substr(0, end);
  }
  return std::nullopt;
}

// A unit test may also see what its room stands on, and the fakes.
std::set<std::string> reachable(const std::string& room) {
  std::set<std::string> rooms = kArrows.at(room);
  for (const std::string& next : kArrows.at(room)) rooms.merge(reachable(next));
  return rooms;
}

bool allowed(const std::string& file, const std::string& room, const std::string& include) {
  const bool is_test = file.ends_with("_test.cpp");
  if (include.starts_with("tests/fakes/")) return is_test;
  const std::optional<std::string> target = room_of(include);
  if (!target) return false;
  return target == room || (is_test ? reachable(room) : kArrows.at(room)).contains(*target);
}

// The includes of our own headers in a source text: those in quotes, and those in brackets that name a room.
std::vector<std::string> own_includes(std::istream& source) {
  std::vector<std::string> includes;
  for (std::string line; std::getline(source, line);) {
    if (!line.starts_with("#include ")) continue;
    const std::string path = line.substr(10, line.find_first_of("\">", 10) - 10);
    if (line[9] == '"' || room_of(path)) includes.push_back(path);
  }
  return includes;
}

std::vector<std::string> violations(const std::string& file, std::istream& source) {
  const std::optional<std::string> room = room_of(file);
  if (!room) return {fmt::format("{} lies in no room of the design", file)};
  std::vector<std::string> result;
  for (const std::string& include : own_includes(source)) {
    if (!allowed(file, *room, include)) result.push_back(fmt::format("{} may not include {}", file, include));
  }
  return result;
}

std::vector<std::string> violations(const std::string& file, const std::string& text) {
  std::istringstream source(text);
  return violations(file, source);
}

TEST(Arrows, HoldInEveryRoom) {
  const std::filesystem::path root = LOWMEG_SOURCE_DIR;
  std::map<std::string, int> files_seen;
  std::size_t includes_seen = 0;
  std::vector<std::string> found;
  for (const char* top : {"lowmeg", "vmm", "cli", "guest"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      const std::string file = std::filesystem::relative(entry.path(), root);
      std::ifstream source(entry.path()), again(entry.path());
      for (std::string& violation : violations(file, source)) found.push_back(std::move(violation));
      includes_seen += own_includes(again).size();
      ++files_seen[room_of(file).value_or("none")];
    }
  }
  EXPECT_THAT(found, IsEmpty());
  for (const char* room : {"lowmeg/core", "lowmeg/memory", "lowmeg/bridge", "lowmeg/get", "lowmeg/hyperv"}) {
    EXPECT_GE(files_seen[room], 6) << room << ": the sources were not found";
  }
  EXPECT_GE(includes_seen, 100u);
}

// The checker itself.
TEST(Arrows, AreFoundWhenTheyPointTheWrongWay) {
  struct Row {
    const char* file;
    const char* text;
    bool good;
  };
  const Row rows[] = {
      {"lowmeg/memory/layout.cpp", "#include \"lowmeg/core/gpa.hpp\"\n", true},
      {"lowmeg/memory/layout.cpp", "#include \"lowmeg/memory/layout.hpp\"\n#include <vector>\n", true},
      {"lowmeg/core/gpa.hpp", "#include \"lowmeg/memory/layout.hpp\"\n", false},
      {"lowmeg/core/gpa.hpp", "#pragma once\n\n#include <lowmeg/memory/layout.hpp>\n", false},
      {"lowmeg/bridge/config_ports.cpp", "#include \"lowmeg/memory/layout.hpp\"\n", false},
      {"lowmeg/hyperv/policy.cpp", "#include \"lowmeg/bridge/host_bridge.hpp\"\n", false},
      {"lowmeg/hyperv/policy.cpp", "#include \"lowmeg/memory/layout.hpp\"\n", false},
      {"lowmeg/hyperv/policy_test.cpp", "#include \"lowmeg/memory/layout.hpp\"\n", true},
      {"lowmeg/hyperv/policy_test.cpp", "#include \"lowmeg/bridge/host_bridge.hpp\"\n", false},
      {"lowmeg/hyperv/policy_test.cpp", "#include \"tests/fakes/hex.hpp\"\n", true},
      {"lowmeg/hyperv/policy.cpp", "#include \"tests/fakes/hex.hpp\"\n", false},
      {"lowmeg/get/codec.cpp", "#include \"wire.hpp\"\n", false},
      {"vmm/board/pic.cpp", "#include \"vmm/board/pic.hpp\"\n", true},
      {"vmm/board/pic.cpp", "#include \"vmm/machine.hpp\"\n", false},
      {"vmm/cpu_soft/cpu.cpp", "#include \"vmm/board/pic.hpp\"\n", true},
      {"vmm/cpu_soft/cpu.cpp", "#include \"lowmeg/get/client.hpp\"\n", false},
      {"vmm/machine.cpp", "#include \"vmm/cpu_soft/cpu.hpp\"\n#include \"lowmeg/get/client.hpp\"\n", true},
      {"lowmeg/get/client.hpp", "#include \"vmm/machine.hpp\"\n", false},
      {"lowmeg/attic/old.cpp", "", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(violations(row.file, row.text).empty(), row.good) << row.file << row.text;
  EXPECT_THAT(violations("lowmeg/core/gpa.hpp", "#include \"vmm/machine.hpp\"\n"),
              ElementsAre("lowmeg/core/gpa.hpp may not include vmm/machine.hpp"));
}

}  // namespace
