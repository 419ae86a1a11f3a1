#include "cli/live_band.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "cli/machine_view.hpp"
#include "cli/print.hpp"
#include "cli/timeline_view.hpp"

namespace cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetween{40};
constexpr std::size_t kFewestColumns = 80, kMostColumns = 100;

std::size_t columns_of(int fd) {
  winsize size{};
  const std::size_t columns = ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  return std::clamp(columns, kFewestColumns, kMostColumns);
}

std::string fitted(std::string text, std::size_t columns) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  if (text.size() > columns) text = text.substr(0, columns - 1) + ">";
  return text;
}

Colour colour_of(char cell) {
  switch (cell) {
    case '#':
      return Colour::kYellow;
    case 'r':
      return Colour::kGreen;
    case 'w':
      return Colour::kRed;
    default:
      return Colour::kDim;
  }
}

// Runs of one letter in its colour.
std::string painted(const std::string& band, const Terminal& terminal) {
  std::string text;
  for (std::size_t at = 0; at < band.size();) {
    const std::size_t end = std::min(band.find_first_not_of(band[at], at), band.size());
    text += terminal.paint(colour_of(band[at]), band.substr(at, end - at));
    at = end;
  }
  return text;
}

// A mark below each cell that the last change turned.
std::string turned(const BandView& view) {
  std::string marks;
  for (std::size_t i = 0; i < view.band.size(); ++i)
    marks += i < view.before.size() && view.before[i] != view.band[i] ? '^' : ' ';
  return marks;
}

}  // namespace

std::vector<std::string> band_frame(const BandView& view, std::size_t columns, const Terminal& terminal) {
  const std::string clock =
      fmt::format("{:.6f} s, {} changes", static_cast<double>(view.time_ns) / 1e9, view.changes);
  const std::string title = fitted(view.title, columns - clock.size() - 1);
  std::vector<std::string> lines{
      terminal.paint(Colour::kBold, title) + std::string(columns - clock.size() - title.size(), ' ') + clock,
      band_scale(),
      painted(view.band, terminal),
      turned(view),
      "# RAM  r read-only  w write-only  . ROM or a device  ^ turned by the last change",
      fitted(timeline_header(), columns),
  };
  for (std::size_t i = 0; i < kBandWrites; ++i)
    lines.push_back(i < view.writes.size() ? fitted(view.writes[i], columns) : std::string());
  lines.push_back(fitted("console: " + view.console, columns));
  return lines;
}

LiveBand::LiveBand(int fd, std::string title) : fd_(fd), terminal_(fd) {
  view_.title = std::move(title);
}

void LiveBand::console(char c) {
  if (c != '\n') {
    if (line_.size() < kMostColumns) line_ += c;
    return;
  }
  view_.console = std::exchange(line_, {});
  is_new_ = true;
}

void LiveBand::changed(const vmm::TimelineEntry& entry, std::uint64_t time_ns) {
  ++view_.changes;
  is_new_ = true;
  std::string line = timeline_line(entry, time_ns, WallTimes::kShown, Terminal(-1));
  std::replace(line.begin(), line.end(), '\n', ' ');
  view_.writes.push_back(line);
  if (view_.writes.size() > kBandWrites) view_.writes.pop_front();
}

void LiveBand::turn(vmm::Machine& machine) {
  const auto now = steady_clock::now();
  if (!is_new_ || now < next_) return;
  next_ = now + kBetween;
  draw(machine);
}

void LiveBand::finish(vmm::Machine& machine) {
  if (!line_.empty()) view_.console = line_;
  draw(machine);
}

std::string LiveBand::frame(const std::vector<vmm::MegabyteRow>& map, std::uint64_t time_ns,
                            std::size_t columns) {
  view_.time_ns = time_ns;
  std::string band = band_of(map);
  if (band != view_.band) view_.before = std::exchange(view_.band, std::move(band));
  std::string text = drawn_ == 0 ? "" : fmt::format("\033[{}A", drawn_);
  const std::vector<std::string> lines = band_frame(view_, columns, terminal_);
  for (const std::string& line : lines) text += "\r" + line + "\033[K\n";
  drawn_ = lines.size();
  return text;
}

void LiveBand::draw(vmm::Machine& machine) {
  is_new_ = false;
  print(stdout, "{}", frame(machine.first_megabyte(), machine.clock().now_ns(), columns_of(fd_)));
  std::fflush(stdout);
}

}  // namespace cli
