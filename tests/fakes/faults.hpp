// One kind of call that fails, so and so often in a row, and the mapper and the transport that obey.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "lowmeg/get/transport.hpp"
#include "lowmeg/get/wire.hpp"
#include "lowmeg/memory/mapper.hpp"

namespace lowmeg::fakes {

enum class Fault {
  kMapper,         ///< a commit fails
  kCreateRefused,  ///< the host finds a flag in a create that it does not know
  kCreateDenied,   ///< the host has created, but its answer says FAILED
  kResetLost,      ///< a reset is answered, and does not reach its slot
};
inline constexpr Fault kEachFault[] = {Fault::kMapper, Fault::kCreateRefused, Fault::kCreateDenied,
                                       Fault::kResetLost};

struct Faults {
  /// True for the calls of this kind that are to fail: after `skip` that go well, `left` in a row.
  bool strikes(Fault asked) {
    if (asked != kind || left == 0) return false;
    if (skip > 0) {
      --skip;
      return false;
    }
    --left;
    return true;
  }
  Fault kind = Fault::kMapper;
  unsigned skip = 0;
  unsigned left = 0;
};

/// Obeys on the way down to a real mapper.
class FaultyMapper final : public memory::Mapper {
 public:
  FaultyMapper(memory::Mapper& inner, Faults& faults) : inner_(inner), faults_(faults) {}
  Result<void> commit(const memory::MemoryMap& map) override {
    if (faults_.strikes(Fault::kMapper)) return fail(Errc::kSystem, "the mapper fails");
    return inner_.commit(map);
  }
  const memory::MemoryMap& map() const override { return inner_.map(); }

 private:
  memory::Mapper& inner_;
  Faults& faults_;
};

/// Obeys on the way between a client and its host.
class FaultyTransport final : public get::Transport {
 public:
  FaultyTransport(std::unique_ptr<get::Transport> inner, Faults& faults)
      : inner_(std::move(inner)), faults_(faults) {}

  Result<void> send(std::span<const std::uint8_t> message, get::Deadline deadline) override {
    std::vector<std::uint8_t> sent(message.begin(), message.end());
    if (is(sent, 2, kCreate) && faults_.strikes(Fault::kCreateRefused)) sent[kFlags] |= 1;
    if (is(sent, 2, kReset) && faults_.strikes(Fault::kResetLost)) sent[kSlot] = kSpareSlot;
    return inner_->send(sent, deadline);
  }
  Result<std::size_t> receive(std::span<std::uint8_t> buffer, get::Deadline deadline) override {
    auto size = inner_->receive(buffer, deadline);
    if (size && is(buffer.first(*size), 3, kCreate) && faults_.strikes(Fault::kCreateDenied))
      buffer[kStatus] = static_cast<std::uint8_t>(get::wire::CreateStatus::kFailed);
    return size;
  }
  void close() override { inner_->close(); }

 private:
  static constexpr std::uint8_t kCreate = 28, kReset = 29, kSpareSlot = 31;
  static constexpr std::size_t kType = 1, kId = 2, kSlot = 4, kStatus = 4, kFlags = 32;
  static bool is(std::span<const std::uint8_t> message, std::uint8_t type, std::uint8_t id) {
    return message.size() > kSlot - 1 && message[kType] == type && message[kId] == id;
  }

  std::unique_ptr<get::Transport> inner_;
  Faults& faults_;
};

}  // namespace lowmeg::fakes
