// What each kind of instruction that writes does to a segment, by each way of showing it: executed by the
// processor, and by KVM's emulator. Skipped where KVM is missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "lowmeg/kvm/native_guest.hpp"
#include "tests/fakes/mapped_guest.hpp"

namespace lowmeg::kvm {
namespace {

using memory::Route;
using memory::Routes;
using Bytes = std::vector<std::uint8_t>;

// One instruction that writes at D000:0108, and what is there then if each byte was `was` when it was read.
struct Instruction {
  const char* name;
  Bytes before;  // DS is D000
  Bytes writes;
  Bytes after;
  Bytes (*result)(std::uint8_t was);
};

const Instruction kInstructions[] = {
    {"mov byte", {}, {0xc6, 0x06, 0x08, 0x01, 0x77}, {}, [](std::uint8_t) { return Bytes{0x77}; }},
    {"mov dword",
     {},
     {0x66, 0xc7, 0x06, 0x08, 0x01, 0x44, 0x33, 0x22, 0x11},
     {},
     [](std::uint8_t) { return Bytes{0x44, 0x33, 0x22, 0x11}; }},
    {"or byte, 80h",
     {},
     {0x80, 0x0e, 0x08, 0x01, 0x80},
     {},
     [](std::uint8_t was) { return Bytes{static_cast<std::uint8_t>(was | 0x80)}; }},
    {"lock inc byte",
     {},
     {0xf0, 0xfe, 0x06, 0x08, 0x01},
     {},
     [](std::uint8_t was) { return Bytes{static_cast<std::uint8_t>(was + 1)}; }},
    {"xchg with al",
     {0xb0, 0x66},  // mov al, 66h
     {0x86, 0x06, 0x08, 0x01},
     {},
     [](std::uint8_t) { return Bytes{0x66}; }},
    {"lock cmpxchg, which writes what it read where it fails",
     {0xb0, 0x11, 0xb3, 0x55},  // mov al, 11h; mov bl, 55h
     {0xf0, 0x0f, 0xb0, 0x1e, 0x08, 0x01},
     {},
     [](std::uint8_t was) { return Bytes{was == 0x11 ? std::uint8_t{0x55} : was}; }},
    {"push",
     {0x8c, 0xd8, 0x8e, 0xd0,  // mov ax, ds; mov ss, ax
      0xbc, 0x0a, 0x01,        // mov sp, 10ah
      0xb8, 0x55, 0x44},       // mov ax, 4455h
     {0x50},
     {0x31, 0xc0, 0x8e, 0xd0,  // xor ax, ax; mov ss, ax
      0xbc, 0xf0, 0x0f},       // mov sp, 0ff0h
     [](std::uint8_t) { return Bytes{0x55, 0x44}; }},
    {"rep stosb",
     {0x8c, 0xd8, 0x8e, 0xc0,        // mov ax, ds; mov es, ax
      0xbf, 0x08, 0x01, 0xb0, 0x99,  // mov di, 108h; mov al, 99h
      0xb9, 0x05, 0x00},             // mov cx, 5
     {0xf3, 0xaa},
     {0x31, 0xc0, 0x8e, 0xc0},  // xor ax, ax; mov es, ax
     [](std::uint8_t) { return Bytes(5, 0x99); }},
    {"movups",
     {0x0f, 0x20, 0xe0, 0x66, 0x0d, 0x00, 0x02, 0x00, 0x00,  // mov eax, cr4; or eax, OSFXSR
      0x0f, 0x22, 0xe0,                                      // mov cr4, eax
      0x26, 0x0f, 0x10, 0x06, 0x00, 0x30},                   // movups xmm0, es:[3000h]
     {0x0f, 0x11, 0x06, 0x08, 0x01},
     {},
     [](std::uint8_t) {
       Bytes bytes(16);
       for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0xa0 + i);
       return bytes;
     }},
};

struct State {
  const char* name;
  Routes routes;
  std::uint8_t read;
  bool stores, on_bus;
};

const State kStates[] = {{"memory", memory::ram_routes(0), 0x11, true, false},
                         {"read-only RAM", memory::read_only_ram_routes(0), 0x11, false, false},
                         {"ROM", memory::rom_routes(0), 0x22, false, true},
                         {"nobody", memory::open_routes(), 0xff, false, false},
                         {"write-only", {Route::rom(0), Route::ram(0), Route::rom(0)}, 0x22, true, false}};

// Linux, arch/x86/kvm/x86.c, handle_ud(): with the module's force_emulation_prefix, KVM emulates what stands
// behind these bytes.
const Bytes kEmulated = {0x0f, 0x0b, 'k', 'v', 'm'};
bool may_force_emulation() {
  char value = 'N';
  std::ifstream("/sys/module/kvm/parameters/force_emulation_prefix") >> value;
  return value != 'N' && value != '0';
}

class Instructions : public fakes::MappedGuest {
 protected:
  void SetUp() override {
    MappedGuest::SetUp();
    if (IsSkipped()) return;
    for (std::size_t i = 0; i < 16; ++i)
      guest_->low_memory()[0x3000 + i] = static_cast<std::uint8_t>(0xa0 + i);
  }

  void expect_each_goes_where_the_map_says(const Bytes& prefix) {
    for (const State& state : kStates) {
      for (const Instruction& instruction : kInstructions) {
        SCOPED_TRACE(testing::Message() << state.name << ", " << instruction.name);
        ASSERT_TRUE(show(memory::ram_routes(0)));
        ASSERT_TRUE(show(state.routes));
        std::ranges::fill(ram_.bytes().subspan(0x100, 0x40), std::uint8_t{0x11});
        on_bus_.clear();
        load(prefix, instruction);
        const auto done = run();
        ASSERT_TRUE(done) << done.error().message();
        mapper_->drain();
        expect_written(state, instruction.result(state.read));
      }
    }
  }

 private:
  void load(const Bytes& prefix, const Instruction& instruction) {
    std::uint8_t* at = guest_->low_memory() + kCode;
    const Bytes begins = {0xb8, 0x00, 0xd0, 0x8e, 0xd8};  // mov ax, 0d000h; mov ds, ax
    const Bytes ends = {0xf4};                            // hlt
    for (const Bytes* part :
         {&begins, &instruction.before, &prefix, &instruction.writes, &instruction.after, &ends})
      at = std::ranges::copy(*part, at).out;
  }
  void expect_written(const State& state, const Bytes& written) {
    for (std::size_t i = 0; i < 0x20; ++i) {
      const bool is_new = state.stores && i < written.size();
      EXPECT_EQ(ram_.bytes()[0x108 + i], is_new ? written[i] : 0x11) << i;
    }
    Bytes seen;
    for (const fakes::SeenWrite& write : on_bus_) {
      EXPECT_EQ(write.at, 0xd0108 + seen.size());
      seen.insert(seen.end(), write.data.begin(), write.data.end());
    }
    EXPECT_EQ(seen, state.on_bus ? written : Bytes());
  }
};

// "a guest that writes to each protected page from native code, emulated code, lock, push, string and SSE
// instructions: dropped or stored as the model says".
TEST_P(Instructions, GoWhereTheMapSays) {
  expect_each_goes_where_the_map_says({});
  const bool refuses = GetParam() == MapWay::kProtect && how_guest_runs() == GuestRuns::kNatively;
  EXPECT_EQ(mapper_->counters().demotions, refuses ? 3 * std::size(kInstructions) : 0u);
}

TEST_P(Instructions, GoThereTooWhereKvmEmulatesThem) {
  if (!may_force_emulation()) GTEST_SKIP() << "the module kvm is loaded without force_emulation_prefix=1";
  expect_each_goes_where_the_map_says(kEmulated);
}

INSTANTIATE_TEST_SUITE_P(Ways, Instructions, testing::Values(MapWay::kProtect, MapWay::kSlots));

}  // namespace
}  // namespace lowmeg::kvm
