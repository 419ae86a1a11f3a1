// The INTR wire from the interrupt controllers to the processor.
#pragma once

namespace vmm {

enum class Level { kLow, kHigh };

/// Driven by the Pic whenever the wire changes; the processor answers high with Pic::acknowledge() when it is
/// ready. Called from within port accesses and Pit::advance(): note the level, do not call back.
class InterruptPin {
 public:
  virtual ~InterruptPin() = default;
  virtual void set(Level level) = 0;
};

}  // namespace vmm
