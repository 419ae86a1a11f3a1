#include "cli/line/manual.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <sstream>

namespace cli {
namespace {

// "--memory SIZE", "--json", "INPUT ...".
std::string usage_of(const CLI::Option& option) {
  const std::string text = option.get_positional() ? option.get_name(true) : option.get_name(false, true);
  std::string spaced;
  for (const char c : text) {
    spaced += c;
    if (c == ',') spaced += ' ';
  }
  return spaced;
}

std::string default_of(const CLI::Option& option) {
  const std::string value = option.get_default_str();
  return value.empty() ? "" : " [" + value + "]";
}

bool is_shown(const CLI::Option& option) {
  return !option.get_group().empty();
}

// roff's own characters, and a line that begins with a control character.
std::string roff(const std::string& text) {
  std::string escaped;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) escaped += "\\&";
    begins = c == '\n';
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string roff_options(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (!is_shown(*option)) continue;
    text += ".TP\n.B " + roff(usage_of(*option)) + "\n" +
            roff(option->get_description() + default_of(*option)) + "\n";
  }
  return text;
}

std::string markdown_options(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (!is_shown(*option)) continue;
    text += fmt::format("* `{}`: {}{}\n", usage_of(*option), option->get_description(), default_of(*option));
  }
  return text;
}

std::string full_name(const CLI::App& command, char between) {
  const CLI::App* const parent = command.get_parent();
  return parent ? full_name(*parent, between) + between + command.get_name() : command.get_name();
}

std::string synopsis(const CLI::App& command) {
  return full_name(command, ' ') +
         (command.get_subcommands({}).empty() ? " [OPTIONS]" : " COMMAND [OPTIONS]");
}

std::string roff_command(const CLI::App& command) {
  std::string text;
  if (const auto options = roff_options(command); !options.empty()) text += ".SH OPTIONS\n" + options;
  for (const CLI::App* part : command.get_subcommands({}))
    text += ".SH \"" + roff(full_name(*part, ' ')) + "\"\n" + roff(part->get_description()) + "\n" +
            roff_options(*part);
  if (!command.get_footer().empty()) text += ".SH NOTES\n.nf\n" + roff(command.get_footer()) + "\n.fi\n";
  return text;
}

std::string markdown_command(const CLI::App& command, const std::string& heading) {
  std::string text =
      fmt::format("\n{} {}\n\n{}.\n\n", heading, full_name(command, ' '), command.get_description());
  text += markdown_options(command);
  if (!command.get_footer().empty()) text += "\n```\n" + command.get_footer() + "\n```\n";
  for (const CLI::App* part : command.get_subcommands({})) text += markdown_command(*part, heading + "#");
  return text;
}

}  // namespace

std::string man_page(const CLI::App& program, const CLI::App* command) {
  const CLI::App& app = command ? *command : program;
  std::string text = fmt::format(".TH {} 1 \"\" Lowmeg \"User Commands\"\n", roff(full_name(app, '-')));
  text += ".SH NAME\n" + roff(full_name(app, '-')) + " \\- " + roff(app.get_description()) + "\n";
  text += ".SH SYNOPSIS\n.B " + roff(synopsis(app)) + "\n";
  if (command) return text + roff_command(app) + ".SH SEE ALSO\nlowmeg(1)\n";
  text += ".SH COMMANDS\n";
  for (const CLI::App* part : program.get_subcommands({}))
    text += ".TP\n.B " + roff(part->get_name()) + "\n" + roff(part->get_description()) + "; see lowmeg\\-" +
            part->get_name() + "(1)\n";
  return text;
}

std::string reference_page(const CLI::App& program) {
  std::string text =
      "# The commands\n\nMade of the program's own descriptions by `lowmeg --reference`; `lowmeg --man "
      "COMMAND` makes "
      "the man pages of the same.\n[exit-status.md](exit-status.md) has every exit status.\n";
  for (const CLI::App* command : program.get_subcommands({})) text += markdown_command(*command, "##");
  return text;
}

}  // namespace cli
