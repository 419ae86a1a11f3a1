#include "lowmeg/kvm/native_guest.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace lowmeg::kvm {
namespace {

TEST(NativeGuest, IsWhatTheModulesSay) {
  struct Row {
    const char* name;
    std::vector<std::pair<const char*, const char*>> parameters;  // module/name, value
    GuestRuns runs;
  };
  const Row rows[] = {
      {"no module", {}, GuestRuns::kEmulated},
      {"Intel", {{"kvm_intel/ept", "Y"}, {"kvm_intel/unrestricted_guest", "Y"}}, GuestRuns::kNatively},
      {"Intel before Westmere",
       {{"kvm_intel/ept", "Y"}, {"kvm_intel/unrestricted_guest", "N"}},
       GuestRuns::kEmulated},
      {"Intel without EPT",
       {{"kvm_intel/ept", "N"}, {"kvm_intel/unrestricted_guest", "N"}},
       GuestRuns::kEmulated},
      {"AMD", {{"kvm_amd/npt", "Y"}}, GuestRuns::kNatively},
      {"AMD, an old kernel", {{"kvm_amd/npt", "1"}}, GuestRuns::kNatively},
      {"AMD with shadow paging", {{"kvm_amd/npt", "N"}}, GuestRuns::kEmulated},
      {"another module beside AMD's", {{"kvm_amd/npt", "Y"}, {"kvm_pvm/any", "Y"}}, GuestRuns::kEmulated},
  };
  const std::filesystem::path root = testing::TempDir() + "/lowmeg-modules";
  for (const Row& row : rows) {
    std::filesystem::remove_all(root);
    for (const auto& [parameter, value] : row.parameters) {
      const std::filesystem::path path(parameter);
      const auto folder = root / path.parent_path() / "parameters";
      std::filesystem::create_directories(folder);
      std::ofstream(folder / path.filename()) << value << '\n';
    }
    EXPECT_EQ(how_guest_runs(root), row.runs) << row.name;
  }
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace lowmeg::kvm
