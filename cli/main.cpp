#include <cstdio>

#include "cli/boot.hpp"

int main(int argc, char** argv) {
  const auto command = cli::parse_command_line(argc, argv);
  if (const auto* farewell = std::get_if<cli::Farewell>(&command)) {
    std::fputs(farewell->text.c_str(), farewell->exit_status == 0 ? stdout : stderr);
    return farewell->exit_status;
  }
  return cli::boot(std::get<cli::BootOptions>(command));
}
