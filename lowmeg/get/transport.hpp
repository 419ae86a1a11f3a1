// How GET messages travel. One send is one message, and one receive gives one: a packet's bounds are the
// framing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lowmeg/core/result.hpp"

namespace lowmeg::get {

using Deadline = std::chrono::steady_clock::time_point;

/// Used by one thread at a time: the client calls it under its lock.
class Transport {
 public:
  virtual ~Transport() = default;

  /// kTimeout when the deadline passes first, kClosed when the peer is gone.
  virtual Result<void> send(std::span<const std::uint8_t> message, Deadline deadline) = 0;
  /// Waits for the next message and copies it to `buffer` (at least wire::kMaxMessageSize); gives its size.
  /// A deadline that has passed asks only for what has arrived already, and kTimeout says that there is
  /// nothing.
  virtual Result<std::size_t> receive(std::span<std::uint8_t> buffer, Deadline deadline) = 0;
  /// Gives the connection up; every later call gives kClosed.
  virtual void close() = 0;
};

}  // namespace lowmeg::get
