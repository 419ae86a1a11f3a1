// lowmeg qtest: its words are QEMU's, and cli/qtest knows them.
#include <CLI/CLI.hpp>

#include "cli/line/commands.hpp"

namespace cli {

void add_qtest(CLI::App& program, Command& chosen) {
  CLI::App& command =
      *program.add_subcommand("qtest", "Be the machine of a test that speaks QEMU's qtest protocol");
  command.prefix_command();
  command.footer(
      "Also when the program is called by a name that ends in -system-x86_64, as such a test calls it;\n"
      "with i440bx in the name it has that bridge. PAM acts as the chip has it. The options are QEMU's:\n" +
      qemu_words_help() +
      "Exit status: 0 when the test has ended the machine, or gone; 1 when the machine cannot go on, or\n"
      "what comes is no line of the protocol; 2v+1 when v was written to port 501h.\n"
      "Example: echo inw 0xcfc | lowmeg qtest -qtest stdio");
  command.callback([&command, &chosen] {
    auto options = parse_qemu_words(command.remaining());
    if (!options) throw CLI::ValidationError(options.error().message());
    chosen = *std::move(options);
  });
}

}  // namespace cli
