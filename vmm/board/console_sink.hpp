// Where the guest's console text goes.
#pragma once

namespace vmm {

class ConsoleSink {
 public:
  virtual ~ConsoleSink() = default;
  /// One character as the guest wrote it, a byte of whatever coding it uses.
  virtual void put(char character) = 0;
};

/// For the devices that are not the console: their text is dropped.
class NullConsole final : public ConsoleSink {
 public:
  void put(char /*character*/) override {}
};

}  // namespace vmm
