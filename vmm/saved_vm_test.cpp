#include "vmm/saved_vm.hpp"

#include <gmock/gmock.h>

#include <array>

namespace vmm {
namespace {

using lowmeg::Errc;
using testing::HasSubstr;
using testing::StartsWith;

constexpr SavedVm::Build kBuild{
    .ram_size = 16 << 20, .personality = 2, .roms = 0x11111111, .devices = 0x22222222};

struct Sample {
  std::array<std::uint8_t, 5> state{1, 2, 3, 4, 5};
  std::array<std::uint8_t, lowmeg::kPageSize> page{0x5a, 0xa5};
  SavedVm vm{.build = kBuild, .state = state, .pages = {{0, page}, {0xfff, page}}};
};

TEST(SavedVm, GoesAndComesBack) {
  const Sample sample;
  const auto bytes = encode(sample.vm);
  const auto vm = decode_saved_vm(bytes);
  ASSERT_TRUE(vm);
  EXPECT_EQ(vm->build, kBuild);
  EXPECT_TRUE(std::ranges::equal(vm->state, sample.state));
  ASSERT_EQ(vm->pages.size(), 2u);
  EXPECT_EQ(vm->pages[1].number, 0xfffu);
  EXPECT_TRUE(std::ranges::equal(vm->pages[1].bytes, sample.page));
  EXPECT_EQ(encode(*vm), bytes);
}

// "Truncated at each length, each byte flipped": refused in one line.
TEST(SavedVm, DamagedIsRefused) {
  auto bytes = encode(Sample().vm);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto vm = decode_saved_vm(std::span(bytes).first(size));
    ASSERT_FALSE(vm) << size;
    ASSERT_EQ(vm.error().code, Errc::kInvalidArgument);
    ASSERT_THAT(vm.error().what, StartsWith("saved VM: "));
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] ^= 0x10;
    const auto vm = decode_saved_vm(bytes);
    ASSERT_FALSE(vm) << at;
    ASSERT_EQ(vm.error().what.find('\n'), std::string::npos);
    bytes[at] ^= 0x10;
  }
}

TEST(SavedVm, SaysWhatIsWrong) {
  Sample unsorted, outside;
  unsorted.vm.pages[1].number = 0;
  outside.vm.pages[1].number = 0x1000;
  const std::vector<std::uint8_t> other{'n', 'o', ' ', 's', 'u', 'c', 'h', ' ', 't', 'h', 'i', 'n', 'g'};
  auto newer = encode(Sample().vm), longer = newer;
  newer[8] = 2;
  longer.push_back(0);
  const std::pair<std::vector<std::uint8_t>, const char*> rows[] = {
      {other, "saved VM: this is none"},
      {{'L', 'O', 'W', 'M', 'E', 'G', 'V', 'M'}, "saved VM: cut short"},
      {newer, "saved VM: version 2, where 1 is known here"},
      {longer, "saved VM: 8234 bytes follow its header, where it tells of 8233"},
      {encode(unsorted.vm), "saved VM: a page of RAM out of place"},
      {encode(outside.vm), "saved VM: a page of RAM out of place"},
  };
  for (const auto& [bytes, line] : rows) {
    const auto vm = decode_saved_vm(bytes);
    ASSERT_FALSE(vm) << line;
    EXPECT_EQ(vm.error().what, line);
  }
}

// "Other personality or RAM size."
TEST(SavedVm, OfAnotherMachineIsRefused) {
  const Sample sample;
  EXPECT_TRUE(fits(sample.vm, kBuild));
  const auto why = [&](SavedVm::Build have) { return fits(sample.vm, have).error().what; };
  SavedVm::Build have = kBuild;
  have.ram_size = 32 << 20;
  EXPECT_EQ(why(have), "saved VM: 16 MiB of RAM, where this machine has 32");
  have = kBuild;
  have.personality = 0;
  EXPECT_THAT(why(have), HasSubstr("another bridge"));
  have = kBuild;
  have.roms = 0;
  EXPECT_THAT(why(have), HasSubstr("another firmware"));
  have = kBuild;
  have.devices = 0;
  EXPECT_THAT(why(have), HasSubstr("other cards"));
}

}  // namespace
}  // namespace vmm
