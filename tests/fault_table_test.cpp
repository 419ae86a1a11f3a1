// A generated table: which call fails, how often in a row, from which step on, at which change of PAM; by
// single requests and in batches. However belief and host came apart, once things work again the guest sees
// what PAM says: after the next write to that segment, and after a reset. The measure is a chain without
// faults.
#include <gtest/gtest.h>

#include <cstdlib>

#include "lowmeg/bridge/hyperv_bridge.hpp"
#include "lowmeg/get/client.hpp"
#include "lowmeg/get/in_process.hpp"
#include "lowmeg/hyperv/get_backed_adjuster.hpp"
#include "lowmeg/memory/soft_mapper.hpp"
#include "tests/fakes/chain.hpp"
#include "tests/fakes/faults.hpp"

namespace lowmeg {
namespace {

using bridge::ByteEnables;
using fakes::Chain;
using fakes::Fault;
using get::Batches;

// One of each kind of segment, and the PAM nibble that rules it: dword, shift of its two low bits.
struct Segment {
  std::size_t index;
  std::uint8_t dword;
  unsigned shift;
};
constexpr Segment kSegments[] = {{0, 0x58, 12},   // F0000: system BIOS, partly writable
                                 {1, 0x58, 16},   // C0000: VGA BIOS
                                 {3, 0x58, 24},   // C8000: its TSR
                                 {5, 0x5c, 0},    // D0000: none
                                 {9, 0x5c, 16}};  // E0000: system BIOS

// Mapper and memory for all rows; everything above them for one.
class FaultRig {
 public:
  void start(Batches batches) {
    faults = {};
    bridge.reset();
    adjuster.reset();
    client.reset();
    host = get::Host::create(mapper, Chain::base(), {.ram_size = Chain::kRamSize}, events).value();
    auto wire = std::make_unique<get::InProcessTransport>(*host, batches);
    client = get::Client::connect(std::make_unique<fakes::FaultyTransport>(std::move(wire), faults), events)
                 .value();
    adjuster.emplace(*client, 0, hyperv::rom_bios_offset(Chain::kRamSize).value(), events);
    bridge.emplace(bridge::kI440fx, *adjuster, events);
    ASSERT_TRUE(bridge->power_on());
  }
  void write(const Segment& segment, unsigned state) {
    const unsigned byte = segment.shift / 8;
    const std::uint32_t old = bridge->read(segment.dword);
    const std::uint32_t now = (old & ~(3u << segment.shift)) | state << segment.shift;
    ASSERT_TRUE(bridge->write(segment.dword, now, ByteEnables::of(byte, 1)));
  }
  const memory::MemoryMap& map() const { return soft->map(); }

  NullEventSink events;
  memory::Backing ram = memory::Backing::create("ram", Chain::kRamSize).value();
  memory::Backing rom = memory::Backing::create("rom", Chain::kRomSize).value();
  std::unique_ptr<memory::SoftMapper> soft = memory::SoftMapper::create(ram, rom).value();
  fakes::Faults faults;
  fakes::FaultyMapper mapper{*soft, faults};
  std::unique_ptr<get::Host> host;
  std::unique_ptr<get::Client> client;
  std::optional<hyperv::GetBackedAdjuster> adjuster;
  std::optional<bridge::HypervBridge> bridge;
};

constexpr unsigned kReset = 4;  // instead of a state that is written

struct Row {
  Segment segment;
  unsigned before, now, then;  ///< PAM states; `then` may be kReset
  fakes::Faults faults;
  Batches batches;
};

GpaState state_of(unsigned pam) {
  constexpr GpaState kStates[] = {GpaState::kMmio, GpaState::kWriteProtected, GpaState::kWriteOnly,
                                  GpaState::kWritable};
  return kStates[pam];
}

bool wants_override(const Segment& segment, unsigned pam) {
  return hyperv::wanted_override(hyperv::kSegments[segment.index], state_of(pam == kReset ? 0 : pam), 0)
      .has_value();
}

// A lone reset that fails shows in no answer, and a segment that wants no override afterwards either asks for
// nothing: that is the protocol's limit.
bool is_beyond_the_protocol(const Row& row) {
  const bool a_reset_failed = row.faults.kind == Fault::kMapper || row.faults.kind == Fault::kResetLost;
  return a_reset_failed && !wants_override(row.segment, row.now) && !wants_override(row.segment, row.then);
}

std::vector<Row> rows_of(const Segment& segment, Batches batches) {
  std::vector<Row> rows;
  for (unsigned before = 0; before < 4; ++before) {
    for (unsigned now = 0; now < 4; ++now) {
      for (unsigned then = 0; then <= kReset; ++then) {
        if (before == now || now == then) continue;
        for (const Fault kind : fakes::kEachFault) {
          for (unsigned skip = 0; skip < 2; ++skip) {
            for (unsigned times = 1; times <= 3; ++times)
              rows.push_back({segment, before, now, then, {kind, skip, times}, batches});
          }
        }
      }
    }
  }
  std::erase_if(rows, is_beyond_the_protocol);
  return rows;
}

std::string text_of(const Row& row) {
  return fmt::format("segment {}: {}>{}>{}, fault {} after {} x {}, {}", row.segment.index, row.before,
                     row.now, row.then, static_cast<int>(row.faults.kind), row.faults.skip, row.faults.left,
                     row.batches == Batches::kOffered ? "batched" : "strict");
}

// What each end shows where nothing fails: what came before does not matter.
std::vector<memory::MemoryMap> right_maps(FaultRig& good, const Segment& segment, Batches batches) {
  std::vector<memory::MemoryMap> maps;
  for (unsigned then = 0; then <= kReset; ++then) {
    good.start(batches);
    if (then != kReset) good.write(segment, then);
    maps.push_back(good.map());
  }
  return maps;
}

// There and back until the fault has struck as often as it is to, or does not come up any more.
void run_into_the_fault(FaultRig& rig, const Row& row) {
  rig.faults = row.faults;
  rig.write(row.segment, row.now);
  for (int i = 0; i < 3 && rig.faults.left > 0; ++i) {
    rig.write(row.segment, row.before);
    rig.write(row.segment, row.now);
  }
  rig.faults.left = 0;
}

bool comes_right(FaultRig& rig, const memory::MemoryMap& right, const Row& row) {
  rig.start(row.batches);
  rig.write(row.segment, row.before);
  run_into_the_fault(rig, row);
  if (row.then == kReset) {
    EXPECT_TRUE(rig.bridge->reset());
  } else {
    rig.write(row.segment, row.then);
  }
  return rig.map() == right;
}

// Every row with LOWMEG_LONG; else every seventh: seven divides no column, so each value of each is met.
std::size_t stride() {
  return std::getenv("LOWMEG_LONG") != nullptr ? 1 : 7;
}

class FaultTable : public testing::TestWithParam<Batches> {};
INSTANTIATE_TEST_SUITE_P(Ways, FaultTable, testing::Values(Batches::kNotOffered, Batches::kOffered),
                         [](const auto& param) {
                           return std::string(param.param == Batches::kOffered ? "Batched" : "Strict");
                         });

TEST_P(FaultTable, OfCallsThatFailAndWorkAgain) {
  FaultRig rig, good;
  std::size_t count = 0;
  for (const Segment& segment : kSegments) {
    const auto maps = right_maps(good, segment, GetParam());
    const std::vector<Row> rows = rows_of(segment, GetParam());
    for (std::size_t i = 0; i < rows.size(); i += stride()) {
      ++count;
      EXPECT_TRUE(comes_right(rig, maps[rows[i].then], rows[i])) << text_of(rows[i]);
    }
  }
  EXPECT_GE(count, 200u);
  RecordProperty("rows", static_cast<int>(count));
}

// A connection that breaks at a message: a successor that is told nothing of it redoes the change.
TEST_P(FaultTable, OfAConnectionThatBreaks) {
  FaultRig good;
  std::size_t row = 0;
  for (const Segment& segment : kSegments) {
    const auto maps = right_maps(good, segment, GetParam());
    for (unsigned before = 0; before < 4; ++before) {
      for (unsigned now = 0; now < 4; ++now) {
        if (before == now) continue;
        for (int messages = 0; messages < 4; ++messages) {
          if (++row % stride() != 0) continue;
          Chain chain(bridge::kI440fx, GetParam());
          ASSERT_TRUE(chain.power_on());
          const ByteEnables byte = ByteEnables::of(segment.shift / 8, 1);
          ASSERT_TRUE(chain.bridge.write(segment.dword, before << segment.shift, byte));
          chain.wire.cut_after = messages;
          static_cast<void>(chain.bridge.write(segment.dword, now << segment.shift, byte));

          const auto client =
              get::Client::connect(std::make_unique<get::InProcessTransport>(*chain.host, GetParam()),
                                   chain.events)
                  .value();
          hyperv::GetBackedAdjuster next(*client, 0, chain.adjuster.rom_bios_offset(), chain.events);
          bridge::HypervBridge bridge(bridge::kI440fx, next, chain.events);
          next.restore(chain.adjuster.state());
          next.mark_all_unsure();
          ASSERT_TRUE(bridge.restore(chain.bridge.state()));
          EXPECT_EQ(chain.mapper->map(), maps[now]) << segment.index << " " << before << now << messages;
        }
      }
    }
  }
}

}  // namespace
}  // namespace lowmeg
