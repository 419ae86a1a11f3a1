// The files of tests/golden: saved states as OpenVMM's own encoder writes them; chip_* are in our own format,
// put together by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace lowmeg::fakes {

inline std::string golden_path(const std::string& name) {
  return std::string(LOWMEG_SOURCE_DIR) + "/tests/golden/" + name;
}

inline std::vector<std::uint8_t> golden(const std::string& name) {
  std::ifstream file(golden_path(name + ".bin"), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The names of the .bin files that begin so, sorted.
inline std::vector<std::string> golden_names(const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_path(""))) {
    const std::string name = entry.path().stem();
    if (entry.path().extension() == ".bin" && name.starts_with(prefix)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace lowmeg::fakes
