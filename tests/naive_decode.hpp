// The decode_model_test's model: for one address, one kind of access and one viewer, a chain of questions in
// the order of the data sheet. It shares no code with lowmeg/decode.
#pragma once

#include <cstdint>

#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/memory/route.hpp"

namespace lowmeg {

enum class NaiveAccess { kRead, kWrite, kFetch };
enum class NaiveViewer { kCpu, kSmm, kDevice };

// Who takes an access: DRAM at an address, one of the buses, or the aperture.
struct NaiveTaker {
  enum Who { kDram, kPci, kAgp, kAperture } who;
  std::uint64_t dram = 0;
};

class NaiveDecode {
 public:
  explicit NaiveDecode(const DecodeRegisters& registers)
      : r_(registers), top_(registers.drb7 >= 128 ? 0x40000000 : registers.drb7 * 0x800000ull) {
    const std::uint64_t sizes[] = {0x20000, 0x40000, 0x80000, 0x100000};
    if (bit(r_.smram, 3) && bit(r_.esmramc, 0) && top_ != 0) tseg_ = sizes[r_.esmramc >> 1 & 3];
  }

  std::uint64_t top() const { return top_; }
  std::uint64_t tseg_size() const { return tseg_; }

  std::uint64_t aperture_size() const {
    std::uint64_t size = 0x10000000;
    for (int i = 5; i >= 0 && bit(r_.apsize, i); --i) size /= 2;
    return size;
  }

  NaiveTaker taker(std::uint64_t a, NaiveAccess access, NaiveViewer viewer) const {
    if (a >= 0x10000000 && a < 0x60000000 && smram_opens(access, viewer)) {
      const std::uint64_t dram = a - 0x10000000;
      if (bit(r_.esmramc, 7) && dram >= 0xa0000 && dram < 0x100000) return {NaiveTaker::kDram, dram};
      if (dram < top_ && dram >= top_ - tseg_) return {NaiveTaker::kDram, dram};
    }
    if (a < 0x100000) return below_1_mib(a, access, viewer);
    if (r_.fdhc >> 6 == 2 && a >= 15 * 0x100000 && a < 16 * 0x100000) return {NaiveTaker::kPci};
    if (a < top_ - tseg_) return {NaiveTaker::kDram, a};
    if (a < top_) return {NaiveTaker::kPci};
    return above_dram(a, access, viewer);
  }

 private:
  static bool bit(std::uint32_t value, int number) { return value >> number & 1; }

  NaiveTaker below_1_mib(std::uint64_t a, NaiveAccess access, NaiveViewer viewer) const {
    if (a < 0x80000) return {NaiveTaker::kDram, a};
    if (a < 0xa0000) {
      if (r_.fdhc >> 6 == 1) return {NaiveTaker::kPci};
      return {NaiveTaker::kDram, a};
    }
    if (a < 0xc0000) {
      if (!bit(r_.esmramc, 7) && smram_opens(access, viewer)) return {NaiveTaker::kDram, a};
      if (viewer == NaiveViewer::kDevice || bit(r_.pmcr, 1) || !bit(r_.agp.bctrl, 3))
        return {NaiveTaker::kPci};
      if (bit(r_.nbxcfg, 5) && a >= 0xb0000 && a < 0xb8000) return {NaiveTaker::kPci};
      return {NaiveTaker::kAgp};
    }
    int field = r_.pam[0] >> 4;
    if (a < 0xf0000) {
      const std::uint64_t segment = (a - 0xc0000) / 0x4000;
      field = r_.pam[1 + segment / 2] >> (segment % 2 * 4);
    }
    const bool to_dram = access == NaiveAccess::kWrite ? field & 2 : field & 1;
    if (to_dram) return {NaiveTaker::kDram, a};
    return {NaiveTaker::kPci};
  }

  NaiveTaker above_dram(std::uint64_t a, NaiveAccess access, NaiveViewer viewer) const {
    const bool device = viewer == NaiveViewer::kDevice;
    if (bit(r_.nbxcfg, 9) && !bit(r_.pmcr, 1) && !(device && bit(r_.nbxcfg, 10))) {
      if (a / aperture_size() == r_.apbase / aperture_size()) return {NaiveTaker::kAperture};
    }
    if (!bit(r_.pmcr, 1) && bit(r_.agp.pcicmd1, 1) && (access == NaiveAccess::kWrite || !device)) {
      const std::uint64_t mib = a >> 20;
      if (mib >= r_.agp.mbase >> 4 && mib <= r_.agp.mlimit >> 4) return {NaiveTaker::kAgp};
      if (mib >= r_.agp.pmbase >> 4 && mib <= r_.agp.pmlimit >> 4) return {NaiveTaker::kAgp};
    }
    return {NaiveTaker::kPci};
  }

  // Table 4-4, "SMRAM decode control".
  bool smram_opens(NaiveAccess access, NaiveViewer viewer) const {
    if (viewer == NaiveViewer::kDevice || !bit(r_.smram, 3)) return false;
    const bool locked = bit(r_.smram, 4), closed = bit(r_.smram, 5), open = bit(r_.smram, 6);
    if (!locked && open && !closed) return true;
    if (viewer != NaiveViewer::kSmm) return false;
    return !closed || access == NaiveAccess::kFetch;
  }

  const DecodeRegisters& r_;
  std::uint64_t top_;
  std::uint64_t tseg_ = 0;
};

// What answers at a page of a board.
struct NaiveBoard {
  memory::Routes pci;
  memory::Routes agp;
  std::uint64_t installed;
};

inline memory::Route naive_route(const NaiveDecode& decode, const NaiveBoard& board, std::uint64_t a,
                                 NaiveAccess access, NaiveViewer viewer) {
  const auto of = [access](const memory::Routes& routes) {
    if (access == NaiveAccess::kRead) return routes.read;
    return access == NaiveAccess::kWrite ? routes.write : routes.fetch;
  };
  const NaiveTaker taker = decode.taker(a, access, viewer);
  if (taker.who == NaiveTaker::kPci) return of(board.pci);
  if (taker.who == NaiveTaker::kAgp) return of(board.agp);
  if (taker.who == NaiveTaker::kAperture) return memory::Route::bus();
  if (taker.dram < board.installed) return memory::Route::ram(taker.dram);
  return access == NaiveAccess::kWrite ? memory::Route::drop() : memory::Route::open();
}

}  // namespace lowmeg
