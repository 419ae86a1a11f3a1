#include "vmm/firmware.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/fakes/recording_event_sink.hpp"
#include "tests/fakes/temp_folder.hpp"

namespace vmm {
namespace {

using testing::HasSubstr;

class Firmware : public testing::Test {
 protected:
  std::string file_of(const Image& bytes) {
    const std::string path = folder_.file("image");
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  lowmeg::fakes::TempFolder folder_;
  lowmeg::fakes::RecordingEventSink events_;
};

// The formats of 5.25 and 3.5 inch disks, as sides x tracks x sectors x 512 bytes.
constexpr std::size_t kFormats[] = {1 * 40 * 8 * 512,  1 * 40 * 9 * 512, 2 * 40 * 8 * 512,
                                    2 * 40 * 9 * 512,  2 * 80 * 9 * 512, 2 * 80 * 15 * 512,
                                    2 * 80 * 18 * 512, 2 * 80 * 36 * 512};

// "Pads a smaller image to the next standard size, and says so": each format, a sector less and a sector
// more.
TEST_F(Firmware, FillsAFloppyUpToTheNextSizeThatDisksHave) {
  std::size_t before = 0;
  for (const std::size_t size : kFormats) {
    for (const std::size_t given : {before + 512, size - 512, size}) {
      lowmeg::fakes::RecordingEventSink events;
      const auto image = load_floppy(file_of(Image(given, 'x')), events);
      ASSERT_TRUE(image) << image.error().message();
      ASSERT_EQ(image->size(), size) << given;
      EXPECT_EQ((*image)[given - 1], 'x');
      if (given == size) {
        EXPECT_EQ(events.text(), "");
        continue;
      }
      EXPECT_EQ((*image)[given], 0) << "zeros";
      EXPECT_EQ(image->back(), 0) << "zeros";
      ASSERT_EQ(events.events.size(), 1u);
      EXPECT_THAT(events.text(), HasSubstr(std::to_string(given) +
                                           " bytes are no disk's size; filled up with "
                                           "zeros to " +
                                           std::to_string(size / 1024) + " KiB"));
    }
    before = size;
  }
}

TEST_F(Firmware, RefusesAFloppyThatNoDiskHolds) {
  struct Row {
    std::size_t bytes;
    const char* why;
  };
  for (const Row& row : {Row{0, "the file is empty"}, Row{513, "513 bytes are not whole sectors of 512"},
                         Row{2880 * 1024 + 512, "larger than 2880 KiB"}}) {
    const auto image = load_floppy(file_of(Image(row.bytes, 'x')), events_);
    ASSERT_FALSE(image) << row.bytes;
    EXPECT_THAT(image.error().message(), HasSubstr(row.why));
  }
  EXPECT_EQ(events_.text(), "");
}

// PC firmware's rules for an option ROM: 55 AA, its length in blocks of 512 bytes, and over this length a sum
// of 0.
Image option_rom(std::size_t blocks, std::size_t size) {
  Image rom(size);
  rom[0] = 0x55;
  rom[1] = 0xaa;
  rom[2] = static_cast<std::uint8_t>(blocks);
  rom[3] = 0xcb;  // RETF
  rom[4] = static_cast<std::uint8_t>(0 - 0x55 - 0xaa - blocks - 0xcb);
  return rom;
}

TEST_F(Firmware, TakesOptionRomsThatFirmwareWouldRun) {
  struct Row {
    std::size_t blocks, size;
    const char* why;  // "": taken
  };
  const Row rows[] = {{1, 512, ""},
                      {1, 1024, ""},  // what lies behind is the ROM's own
                      {255, 128 * 1024, ""},
                      {0, 512, "its length byte is 0"},
                      {2, 512, "its length byte says 1024 bytes, and there are 512"},
                      {1, 511, "its length byte says 512 bytes, and there are 511"},
                      {1, 128 * 1024 + 1, "larger than 128 KiB"}};
  for (const Row& row : rows) {
    const auto rom = load_option_rom(file_of(option_rom(row.blocks, row.size)));
    EXPECT_EQ(rom.has_value(), *row.why == 0) << row.why;
    if (rom) {
      EXPECT_EQ(rom->image.size(), row.size);
    } else {
      EXPECT_THAT(rom.error().message(), HasSubstr(row.why));
    }
  }
  Image bad_sum = option_rom(1, 1024);
  ++bad_sum[511];
  const auto refused = load_option_rom(file_of(bad_sum));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("its first 512 bytes do not add up to 0"));
  for (const Image& bytes : {Image{0x55}, Image{0x55, 0xaa}, Image(512, 'x')}) {
    const auto rom = load_option_rom(file_of(bytes));
    ASSERT_FALSE(rom);
    EXPECT_THAT(rom.error().message(), HasSubstr("no option ROM (it does not start with 55 AA"));
  }
}

TEST_F(Firmware, NamesAnOptionRomByItsFile) {
  EXPECT_EQ(load_option_rom(file_of(option_rom(1, 512)))->name, "image");
  EXPECT_EQ(load_linux_loader(file_of(option_rom(1, 512)))->name, "linuxboot_dma.bin");
  const auto missing = load_linux_loader(folder_.file("none"));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message(), HasSubstr("the kernel's loader"));
}

// What can be given where: a card's ROM on the ISA bus is C0000-CBFFF, an expansion ROM may fill C0000-DFFFF.
TEST_F(Firmware, TakesALargeVgaBiosOnPciAlone) {
  const std::string path = file_of(option_rom(97, 97 * 512));
  const auto isa = load_vga_bios(path, VgaBus::kIsa);
  ASSERT_FALSE(isa);
  EXPECT_THAT(isa.error().message(), HasSubstr("larger than 48 KiB; --vgabios-pci takes 128"));
  EXPECT_TRUE(load_vga_bios(path, VgaBus::kPci));
  EXPECT_TRUE(load_vga_bios(file_of(option_rom(96, 96 * 512)), VgaBus::kIsa));
  EXPECT_FALSE(load_vga_bios(file_of(option_rom(1, 128 * 1024 + 1)), VgaBus::kPci));
}

}  // namespace
}  // namespace vmm
