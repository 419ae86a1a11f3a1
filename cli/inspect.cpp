#include "cli/inspect.hpp"

#include "cli/complaint.hpp"
#include "cli/machine_view.hpp"
#include "cli/patience.hpp"
#include "vmm/inspection.hpp"

namespace cli {

int inspect(const InspectOptions& options) {
  const auto json = connected_within(options.wait_s, [&] { return vmm::inspect(options.socket); });
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
