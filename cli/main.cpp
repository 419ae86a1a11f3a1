#include <cstdio>

#include "cli/boot.hpp"
#include "cli/check.hpp"
#include "cli/decode.hpp"
#include "cli/host.hpp"
#include "cli/inspect.hpp"
#include "cli/paravisor.hpp"
#include "cli/standard_streams.hpp"
#include "cli/state.hpp"

namespace {

int run(int argc, char** argv) {
  const cli::Command command = cli::parse_command_line(argc, argv);
  if (const auto* farewell = std::get_if<cli::Farewell>(&command)) {
    std::fputs(farewell->text.c_str(), farewell->exit_status == 0 ? stdout : stderr);
    return farewell->exit_status;
  }
  if (const auto* check = std::get_if<cli::CheckOptions>(&command)) return cli::check(*check);
  if (const auto* decode = std::get_if<cli::DecodeOptions>(&command)) return cli::decode(*decode);
  if (const auto* host = std::get_if<cli::HostOptions>(&command)) return cli::host(*host);
  if (const auto* inspect = std::get_if<cli::InspectOptions>(&command)) return cli::inspect(*inspect);
  if (const auto* paravisor = std::get_if<cli::ParavisorOptions>(&command)) return cli::paravisor(*paravisor);
  if (const auto* state = std::get_if<cli::StateOptions>(&command)) return cli::state(*state);
  return cli::boot(std::get<cli::BootOptions>(command));
}

}  // namespace

int main(int argc, char** argv) {
  cli::secure_standard_streams();
  return cli::settle_stdout(run(argc, argv));
}
