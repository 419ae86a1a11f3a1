// Messages of a hostile guest's: requests, versions and batches with plausible and with wild fields, many of
// them mutated, some nothing but noise. The seed says which.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "lowmeg/get/codec.hpp"

namespace lowmeg::get {

class HostileMessages {
 public:
  explicit HostileMessages(std::uint64_t seed) : random_(seed) {}

  std::vector<std::uint8_t> next() {
    if (pick(64) == 0) return noise(pick(64));
    const Message message = some_message();
    std::vector<std::uint8_t> bytes(message.bytes().begin(), message.bytes().end());
    if (pick(4) == 0) {
      for (std::size_t i = 0; i <= pick(3); ++i) mutate(bytes);
    }
    return bytes;
  }
  std::size_t pick(std::size_t count) { return random_() % count; }

 private:
  Message some_message() {
    switch (pick(16)) {
      case 0:
        return encode(Request{VersionOffer{pick(8) ? wire::kProtocolNickelRev2 : word()}});
      case 1:
        return encode(Batch{pick(8) ? static_cast<std::uint32_t>(1 + pick(6)) : word() % 70});
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
        return encode(Request{ResetRamGpaRange{slot()}});
      default:
        return encode(Request{CreateRamGpaRange{slot(), start(), count(), offset(), flags()}});
    }
  }
  std::uint32_t word() { return static_cast<std::uint32_t>(random_()); }
  std::uint32_t slot() { return pick(64) ? static_cast<std::uint32_t>(pick(34)) : word(); }
  std::uint64_t start() { return pick(32) ? 0xbf000 + pick(0x42) * kPageSize : random_(); }
  std::uint64_t count() { return pick(32) ? pick(9) * kPageSize : random_(); }
  std::uint64_t offset() { return pick(32) ? pick(0x202) * kPageSize : random_(); }
  std::uint64_t flags() { return pick(16) ? pick(2) * wire::kFlagRomMb : random_(); }

  std::vector<std::uint8_t> noise(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }
  void mutate(std::vector<std::uint8_t>& bytes) {
    const std::size_t at = pick(bytes.size() + 1);
    switch (pick(8)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes.resize(pick(64) ? bytes.size() + pick(16) : wire::kMaxMessageSize);
        break;
      case 2:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random_()));
        break;
      case 3:
      case 4:
        if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(random_());
        break;
      default:
        if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1u << pick(8));
    }
  }
  std::mt19937_64 random_;
};

}  // namespace lowmeg::get
