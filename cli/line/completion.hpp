// Completion for bash, made of the command line's own options and the words that they take.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace cli {

/// A script for /usr/share/bash-completion/completions/lowmeg, or to be sourced. Options that take text
/// complete as names of files.
std::string bash_completion(const CLI::App& program);

}  // namespace cli
