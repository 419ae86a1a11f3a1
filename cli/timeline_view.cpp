#include "cli/timeline_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "cli/route_text.hpp"

namespace cli {
namespace {

using lowmeg::GpaRange;
using lowmeg::GpaState;
using lowmeg::GpaStateChange;

constexpr const char* kRow = "{:>9} {:>4} {:>8} {:>8} {:>6} {:>7} {:>5} {:>5}  ";
constexpr std::size_t kLeft = 9 + 1 + 4 + 1 + 8 + 1 + 8 + 1 + 6 + 1 + 7 + 1 + 5 + 1 + 5 + 2;

Colour colour_of(GpaState state) {
  switch (state) {
    case GpaState::kMmio:
      return Colour::kDim;
    case GpaState::kWriteProtected:
      return Colour::kGreen;
    case GpaState::kWriteOnly:
      return Colour::kRed;
    case GpaState::kWritable:
      return Colour::kYellow;
  }
  return Colour::kPlain;
}

// Of device 1 as "1/3C".
std::string register_text(const vmm::RegisterChange& change) {
  return change.device == 0 ? fmt::format("{:02X}h", change.offset)
                            : fmt::format("{}/{:02X}", change.device, change.offset);
}

std::string range_text(const GpaRange& range) {
  return fmt::format("{:05X}-{:05X}", range.start(), range.end() - 1);
}

// "mmio>rw", or the state alone where it was told without having changed.
std::string transition_text(const GpaStateChange& change) {
  if (change.before == change.now) return std::string(short_name(change.now));
  return fmt::format("{}>{}", short_name(change.before), short_name(change.now));
}

// Neighbours that made the same change as one, and the same changes side by side.
std::vector<GpaStateChange> grouped(std::vector<GpaStateChange> changes) {
  const auto key = [](const GpaStateChange& change) {
    return std::tuple(change.before, change.now, change.range);
  };
  std::sort(changes.begin(), changes.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::vector<GpaStateChange> runs;
  for (const GpaStateChange& change : changes) {
    GpaStateChange* const last = runs.empty() ? nullptr : &runs.back();
    const bool goes_on = last && last->range.end() == change.range.start() && last->before == change.before &&
                         last->now == change.now;
    if (goes_on) {
      last->range = GpaRange(last->range.start(), change.range.end());
    } else {
      runs.push_back(change);
    }
  }
  return runs;
}

// Words on one line as long as they fit, then on further lines below the first.
class Column {
 public:
  // `shown` is what `text` looks like with its colours.
  void add(const std::string& text, const std::string& shown) {
    if (column_ != kLeft && column_ + 1 + text.size() > kColumns) {
      words_ += "\n" + std::string(kLeft, ' ');
      column_ = kLeft;
    }
    if (column_ != kLeft) words_ += ' ', ++column_;
    words_ += shown;
    column_ += text.size();
  }
  const std::string& words() const { return words_; }

 private:
  std::string words_;
  std::size_t column_ = kLeft;
};

std::string segments_text(const std::vector<GpaStateChange>& changes, const Terminal& terminal) {
  const std::vector<GpaStateChange> runs = grouped(changes);
  Column column;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string range = range_text(runs[i].range);
    const std::string transition = transition_text(runs[i]);
    if (i + 1 < runs.size() && transition == transition_text(runs[i + 1])) {
      column.add(range, range);
    } else {
      column.add(range + " " + transition, range + " " + terminal.paint(colour_of(runs[i].now), transition));
    }
  }
  return column.words();
}

}  // namespace

std::string timeline_header() {
  return fmt::format(fmt::runtime(kRow), "time s", "reg", "old", "new", "resets", "creates", "trips", "us") +
         "segments";
}

std::string timeline_line(const vmm::TimelineEntry& entry, std::uint64_t time_ns, WallTimes wall_times,
                          const Terminal& terminal) {
  const auto& write = entry.config_write;
  const auto number = [&entry](std::uint64_t vmm::GetTraffic::* count) {
    return entry.get ? fmt::format("{}", (*entry.get).*count) : std::string("-");
  };
  std::string line = fmt::format(
      fmt::runtime(kRow), fmt::format("{:.6f}", static_cast<double>(time_ns) / 1e9),
      write ? register_text(*write) : std::string("all"),
      write ? fmt::format("{:08X}", write->before) : std::string("-"),
      write ? fmt::format("{:08X}", write->now) : std::string("-"), number(&vmm::GetTraffic::resets),
      number(&vmm::GetTraffic::creates), number(&vmm::GetTraffic::round_trips),
      wall_times == WallTimes::kShown ? fmt::format("{}", entry.nanoseconds / 1000) : std::string("-"));
  line += segments_text(entry.segments, terminal);
  if (entry.get && entry.get->refused_creates != 0) {
    line += terminal.paint(Colour::kRed, fmt::format(" ({} refused)", entry.get->refused_creates));
  }
  return line;
}

std::string map_table(const std::vector<vmm::MegabyteRow>& rows, const Terminal& terminal) {
  constexpr const char* kMapRow = "{:<13} {} {:<14} {:<14} {:>4}\n";
  std::string table = fmt::format(fmt::runtime(kMapRow), "range", fmt::format("{:<6}", "state"), "reads from",
                                  "writes to", "slot");
  for (const vmm::MegabyteRow& row : rows) {
    const std::string state = fmt::format("{:<6}", row.state ? short_name(*row.state) : "-");
    table += fmt::format(fmt::runtime(kMapRow), range_text(row.range),
                         terminal.paint(row.state ? colour_of(*row.state) : Colour::kDim, state),
                         route_text(row.routes.read), route_text(row.routes.write),
                         row.slot ? std::to_string(*row.slot) : "-");
  }
  return table;
}

}  // namespace cli
