#include "lowmeg/kvm/native_guest.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>

namespace lowmeg::kvm {
namespace {

// A parameter of kind bool is Y or N, one of kind int 1 or 0.
bool is_on(const std::string& parameter) {
  std::ifstream file(parameter);
  std::string value;
  file >> value;
  return value == "Y" || value == "1";
}

bool has_all(const std::string& module, std::initializer_list<const char*> parameters) {
  return std::ranges::all_of(parameters,
                             [&](const char* name) { return is_on(module + "/parameters/" + name); });
}

}  // namespace

GuestRuns how_guest_runs(const std::string& modules) {
  std::error_code none;
  if (std::filesystem::exists(modules + "/kvm_pvm", none)) return GuestRuns::kEmulated;
  const bool is_native = has_all(modules + "/kvm_intel", {"ept", "unrestricted_guest"}) ||
                         has_all(modules + "/kvm_amd", {"npt"});
  return is_native ? GuestRuns::kNatively : GuestRuns::kEmulated;
}

}  // namespace lowmeg::kvm
