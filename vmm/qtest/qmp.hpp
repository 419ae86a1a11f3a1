// As much of QMP, QEMU's machine protocol, as a test of a machine needs: the greeting, qmp_capabilities,
// quit, system_reset with its event, query-status and query-version.
//
// After QEMU's docs/interop/qmp-spec.rst. A request is one line, as libqtest sends it, though QMP allows
// more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vmm::qtest {

/// No threads, no I/O.
class Qmp {
 public:
  /// No request that is served comes near it.
  static constexpr std::size_t kLongestLine = 65536;

  struct Answer {
    enum class Then { kGoOn, kQuit, kReset };
    std::string reply;  ///< with its newline; empty: none
    Then then = Then::kGoOn;
  };

  /// What the machine says first.
  static std::string greeting();
  static std::string reset_event(std::uint64_t microseconds_since_1970);
  Answer answer(std::string_view line);

 private:
  bool negotiated_ = false;
};

}  // namespace vmm::qtest
