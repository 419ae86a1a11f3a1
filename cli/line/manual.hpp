// The manual: man pages and the reference page, made of the command line's own descriptions.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace cli {

/// man(7) source of one command's page, or of lowmeg(1) for the whole program.
std::string man_page(const CLI::App& program, const CLI::App* command);
/// All commands as one page of Markdown: docs/reference/commands.md.
std::string reference_page(const CLI::App& program);

}  // namespace cli
