// What the conformance ROM (guest/README.md) tells on the debug port, line by line, as a value.
//
// The lines come from a guest, so anything may come: what is no line of the report is counted, totals are
// held against the lines they sum up, and what is kept is bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vmm {

struct CheckTotals {
  std::uint64_t passed = 0;
  std::uint64_t total = 0;
  friend bool operator==(const CheckTotals&, const CheckTotals&) = default;
};

/// "FAIL pam-read C0000 ro byte first got=... want=..."
struct CheckFailure {
  std::string name;  ///< its first word is the group
  std::uint32_t got = 0;
  std::uint32_t want = 0;
  friend bool operator==(const CheckFailure&, const CheckFailure&) = default;
};

struct CheckGroup {
  std::string name;
  CheckTotals counted;              ///< PASS and FAIL lines
  std::optional<CheckTotals> told;  ///< by its GROUP line
};

/// No threads, no locks.
class ConformanceReport {
 public:
  static constexpr std::size_t kLongestLine = 200;
  static constexpr std::size_t kMostGroups = 64;
  static constexpr std::size_t kMostFailures = 10000;

  /// A character of the console.
  void put(char c);
  /// A line, without its end.
  void add(std::string_view line);

  /// In order of appearance.
  const std::vector<CheckGroup>& groups() const { return groups_; }
  /// The first kMostFailures.
  const std::vector<CheckFailure>& failures() const { return failures_; }
  /// The sum over the groups, as counted.
  CheckTotals counted() const;
  /// The DONE line has come.
  bool is_done() const { return done_.has_value(); }
  /// What is wrong with the report itself, a line each: garbage, totals that are missing or disagree. Empty
  /// before the end, too, only if nothing is missing.
  std::vector<std::string> complaints() const;
  /// Complete, without complaint, and all of at least one check passed.
  bool all_passed() const;

 private:
  CheckGroup* group_of(std::string_view name);
  bool add_pass(std::string_view name);
  bool add_failure(std::string_view text);
  bool add_group(std::string_view text);
  bool add_done(std::string_view text);
  bool understand(std::string_view line);

  std::string line_;  // so far
  std::vector<CheckGroup> groups_;
  std::vector<CheckFailure> failures_;
  std::optional<CheckTotals> done_;
  std::uint64_t garbage_ = 0;
  std::string first_garbage_;
};

}  // namespace vmm
