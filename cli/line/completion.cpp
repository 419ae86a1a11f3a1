#include "cli/line/completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace cli {
namespace {

// What surrounds a case for each command. An option's value may stand after "=", which bash takes for a word.
constexpr const char* kBegin =
    R"(# Completion for bash, made by the program of its own options: lowmeg --completion
_lowmeg() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' files='' i
  [ "$word" != = ] || word=''
  [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command ${COMP_WORDS[i]}" in
)";
constexpr const char* kCommandScript = R"() command+=" ${COMP_WORDS[i]}" ;;
    esac
  done
  case $command in
)";
constexpr const char* kEnd = R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [ -z "$files" ] || compopt -o default
}
complete -F _lowmeg lowmeg
)";

// The words of CLI::IsMember, which its type tells as "TEXT:{auto,kvm,soft}"; else names of files, or nothing
// for a number.
std::string values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos)
    return type.starts_with("TEXT") ? "files=1" : ":";
  std::string words = type.substr(open + 1, close - open - 1);
  std::ranges::replace(words, ',', ' ');
  return "words='" + words + "'";
}

bool takes_a_value(const CLI::Option& option) {
  return option.get_items_expected_max() != 0;
}

std::string option_names(const CLI::App& command) {
  std::string names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names += (names.empty() ? "--" : " --") + name;
  }
  return names;
}

// What stands alone: a command's commands, or else its positional arguments.
std::string words_alone(const CLI::App& command) {
  std::string names;
  for (const CLI::App* part : command.get_subcommands({}))
    names += (names.empty() ? "" : " ") + part->get_name();
  if (!names.empty()) return "words='" + names + "'";
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) return values_of(*option);
  }
  return ":";
}

std::string case_of(const CLI::App& command, const std::string& path) {
  std::string text = fmt::format("    '{}')\n      case $before:$word in\n", path);
  for (const CLI::Option* option : command.get_options()) {
    if (!takes_a_value(*option)) continue;
    for (const std::string& name : option->get_lnames())
      text += fmt::format("        --{}:*) {} ;;\n", name, values_of(*option));
  }
  text += fmt::format("        *:-*) words='{}' ;;\n", option_names(command));
  text += fmt::format("        *) {} ;;\n      esac\n      ;;\n", words_alone(command));
  for (const CLI::App* part : command.get_subcommands({}))
    text += case_of(*part, path + " " + part->get_name());
  return text;
}

std::string paths_below(const CLI::App& command, const std::string& path) {
  std::string text;
  for (const CLI::App* part : command.get_subcommands({})) {
    const std::string name = path + " " + part->get_name();
    text += (text.empty() ? "'" : " | '") + name + "'";
    if (const auto below = paths_below(*part, name); !below.empty()) text += " | " + below;
  }
  return text;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  return fmt::format("{}      {}{}{}{}", kBegin, paths_below(program, ""), kCommandScript,
                     case_of(program, ""), kEnd);
}

}  // namespace cli
