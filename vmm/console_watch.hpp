// Looks for a text in what the guest writes to its console, and passes everything on.
#pragma once

#include <functional>
#include <string>

namespace vmm {

class Carrier;

class ConsoleWatch {
 public:
  using Output = std::function<void(char)>;

  /// An empty text is never found.
  ConsoleWatch(std::string until, Output output) : until_(std::move(until)), output_(std::move(output)) {}

  void put(char c);
  /// What it has seen of the text, out or in.
  void carry(Carrier& carrier);

  /// The text has been seen.
  bool found() const { return found_; }
  /// It has been seen, and the line that holds it is complete.
  bool line_complete() const { return line_complete_; }

 private:
  std::string until_;
  Output output_;
  std::string tail_;  // the last characters, as many as the text has
  bool found_ = false;
  bool line_complete_ = false;
};

}  // namespace vmm
