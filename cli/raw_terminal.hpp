// A terminal whose keys go to the guest as they are pressed, put back as it was when that ends.
//
// After termios(3): no lines, no echo, Enter gives CR, Ctrl-Z and Ctrl-S are keys; Ctrl-C and Ctrl-\ still
// end the program. Output stays as it is.
#pragma once

#include <memory>

namespace cli {

/// At most one at a time. While it lives, a signal that ends the program (INT, TERM, HUP, QUIT, ABRT) puts
/// the terminal back first and then does what it did before.
class RawTerminal {
 public:
  /// Null: `fd` is no terminal, or one that another job has in hand, which must not be touched.
  static std::unique_ptr<RawTerminal> take(int fd);
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

 private:
  RawTerminal() = default;
};

}  // namespace cli
