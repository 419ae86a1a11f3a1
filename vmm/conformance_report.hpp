// What the conformance ROM (guest/README.md) tells on the debug port, line by line, as a value: TAP, the Test
// Anything Protocol, versions 13 and 14 (testanything.org/tap-version-13-specification.html).
//
// A description's first word is the group: "ok 12 - pam-read: C0000 ro byte first". Left out of TAP:
// subtests,
// TODO, pragmas, escapes. The lines come from a guest, so anything may come: what is no line of the report is
// counted, the plan and the numbers are held against the lines, and what is kept is bounded.
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

/// "not ok 12 - pam-read: C0000 ro byte first", and its diagnostic.
struct CheckFailure {
  std::string name;  ///< the description; its first word is the group
  std::optional<std::uint32_t> got = {};
  std::optional<std::uint32_t> want = {};
  friend bool operator==(const CheckFailure&, const CheckFailure&) = default;
};

struct CheckGroup {
  std::string name;
  CheckTotals counted;       ///< without what was skipped
  std::string skipped = {};  ///< why something was left out, or nothing
};

/// No threads, no locks.
class ConformanceReport {
 public:
  static constexpr std::size_t kLongestLine = 200;
  static constexpr std::size_t kMostGroups = 64;
  static constexpr std::size_t kMostFailures = 10000;
  static constexpr std::size_t kMostNotes = 1000;

  /// A character of the console.
  void put(char c);
  /// A line, without its end.
  void add(std::string_view line);

  /// In order of appearance.
  const std::vector<CheckGroup>& groups() const { return groups_; }
  /// The first kMostFailures.
  const std::vector<CheckFailure>& failures() const { return failures_; }
  /// The comments, without "# "; the first kMostNotes.
  const std::vector<std::string>& notes() const { return notes_; }
  /// The sum over the groups, as counted.
  CheckTotals counted() const;
  /// The plan has come, which is the last line.
  bool is_done() const { return plan_.has_value(); }
  /// "Bail out!" and why, or nothing.
  const std::string& bailed_out() const { return bailed_out_; }
  /// Lines that are no part of a report.
  std::uint64_t garbage() const { return garbage_; }
  /// What is wrong with the numbers, a line each: none, missing ones, a plan that disagrees.
  std::vector<std::string> contradictions() const;
  /// These, and the garbage.
  std::vector<std::string> complaints() const;
  /// Complete, without contradiction, and all of at least one check passed.
  bool all_passed() const;

 private:
  enum class Verdict { kOk, kNotOk };
  CheckGroup* group_of(std::string_view name);
  bool add_check(std::string_view text, Verdict verdict);
  bool add_ok(std::string_view text) { return add_check(text, Verdict::kOk); }
  bool add_not_ok(std::string_view text) { return add_check(text, Verdict::kNotOk); }
  bool add_plan(std::string_view text);
  bool add_note(std::string_view text);
  bool add_bail_out(std::string_view text);
  bool add_diagnostic(std::string_view text);
  bool understand(std::string_view line);

  std::string line_;  // so far
  std::vector<CheckGroup> groups_;
  std::vector<CheckFailure> failures_;
  std::vector<std::string> notes_;
  bool diagnosed_ = false;  // whether a diagnostic would be the last failure's
  bool in_diagnostic_ = false;
  std::uint64_t checks_ = 0;
  std::uint64_t misnumbered_ = 0;
  std::optional<std::uint64_t> plan_;
  std::string bailed_out_;
  std::uint64_t garbage_ = 0;
  std::string first_garbage_;
};

}  // namespace vmm
