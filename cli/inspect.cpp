#include "cli/inspect.hpp"

#include <chrono>
#include <thread>

#include "cli/complaint.hpp"
#include "cli/machine_view.hpp"
#include "vmm/inspection.hpp"

namespace cli {

namespace {

// As soon as somebody answers, or what came of the last try.
lowmeg::Result<std::string> answer(const InspectOptions& options) {
  using std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kBetween{50};
  const auto end = steady_clock::now() + std::chrono::duration<double>(options.wait_s);
  for (;;) {
    auto json = vmm::inspect(options.socket);
    if (json || steady_clock::now() >= end) return json;
    std::this_thread::sleep_for(kBetween);
  }
}

}  // namespace

int inspect(const InspectOptions& options) {
  const auto json = answer(options);
  if (!json) {
    complain(json.error().message());
    return 1;
  }
  const std::optional<std::string> text = options.json    ? *json
                                          : options.lspci ? machine_lspci(*json)
                                                          : machine_text(*json);
  if (!text) {
    complain(options.socket + ": what answers there is no machine of lowmeg's");
    return 1;
  }
  print(stdout, "{}", *text);
  return 0;
}

}  // namespace cli
