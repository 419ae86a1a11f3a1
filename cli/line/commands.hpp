// The commands of the line, a file each: what CLI11 is told of them, and what they become.
#pragma once

#include "cli/line/options.hpp"

namespace CLI {
class App;
}

namespace cli {

// Each adds its command to the program. When the command has been parsed, what it asks for lies in `chosen`,
// which must outlive the program; what does not go together throws CLI::ValidationError.
void add_boot(CLI::App& program, Command& chosen);
void add_watch(CLI::App& program, Command& chosen);
void add_check(CLI::App& program, Command& chosen);
void add_host(CLI::App& program, Command& chosen);
void add_paravisor(CLI::App& program, Command& chosen);
void add_qtest(CLI::App& program, Command& chosen);
void add_state(CLI::App& program, Command& chosen);
void add_decode(CLI::App& program, Command& chosen);
void add_inspect(CLI::App& program, Command& chosen);

}  // namespace cli
