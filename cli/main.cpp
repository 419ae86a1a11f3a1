#include <cstdio>

#include "cli/boot.hpp"
#include "cli/check.hpp"
#include "cli/decode.hpp"
#include "cli/host.hpp"
#include "cli/inspect.hpp"
#include "cli/line/command_line.hpp"
#include "cli/paravisor.hpp"
#include "cli/qtest.hpp"
#include "cli/standard_streams.hpp"
#include "cli/state.hpp"

namespace {

// Runs a command; gives its exit status.
struct Run {
  int operator()(const cli::BootOptions& options) const { return cli::boot(options); }
  int operator()(const cli::CheckOptions& options) const { return cli::check(options); }
  int operator()(const cli::DecodeOptions& options) const { return cli::decode(options); }
  int operator()(const cli::HostOptions& options) const { return cli::host(options); }
  int operator()(const cli::InspectOptions& options) const { return cli::inspect(options); }
  int operator()(const cli::ParavisorOptions& options) const { return cli::paravisor(options); }
  int operator()(const cli::QtestOptions& options) const { return cli::qtest(options); }
  int operator()(const cli::StateOptions& options) const { return cli::state(options); }
  int operator()(const cli::Farewell& farewell) const {
    std::fputs(farewell.text.c_str(), farewell.exit_status == 0 ? stdout : stderr);
    return farewell.exit_status;
  }
};

}  // namespace

int main(int argc, char** argv) {
  cli::secure_standard_streams();
  return cli::settle_stdout(std::visit(Run(), cli::parse_command_line(argc, argv)));
}
