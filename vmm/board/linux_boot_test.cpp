#include "vmm/board/linux_boot.hpp"

#include <gmock/gmock.h>

#include <string>

#include "lowmeg/memory/plain_mapper.hpp"
#include "vmm/board/board_fakes.hpp"

namespace vmm {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMebibyte = 1 << 20;

void put(FwCfg::Bytes& to, std::size_t at, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) to[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t dword(const FwCfg::Bytes& from, std::size_t at) {
  return static_cast<std::uint32_t>(from[at] | from[at + 1] << 8 | from[at + 2] << 16) |
         std::uint32_t{from[at + 3]} << 24;
}

// A bzImage of protocol 2.12 with a setup part of three sectors, then 1000 bytes 'k'.
LinuxFiles linux_files() {
  FwCfg::Bytes kernel(3 * 512 + 1000, 'k');
  std::fill(kernel.begin(), kernel.begin() + 3 * 512, std::uint8_t{0});
  kernel[0x1f1] = 2;
  put(kernel, 0x202, 0x53726448, 4);  // "HdrS"
  put(kernel, 0x206, 0x20c, 2);
  kernel[0x211] = 0x01;
  put(kernel, 0x22c, 0x37ffffff, 4);
  put(kernel, 0x238, 40, 4);
  put(kernel, 0x260, 0x200000, 4);
  return {kernel, {}, "console=ttyS0"};
}

TEST(LinuxBoot, LaysOutTheParts) {
  LinuxFiles files = linux_files();
  files.initrd = FwCfg::Bytes(5000, 'i');
  ASSERT_TRUE(check_linux(files));
  const LinuxImage image = lay_out_linux(files, 16 * kMebibyte).value();
  EXPECT_EQ(image.setup.address, 0x10000u);
  EXPECT_EQ(image.setup.bytes.size(), 3 * 512u);
  EXPECT_EQ(image.kernel.address, 0x100000u);
  EXPECT_EQ(image.kernel.bytes, FwCfg::Bytes(1000, 'k'));
  EXPECT_EQ(image.initrd.address, 16 * kMebibyte - 0x2000) << "as high as it goes, from a page's start";
  EXPECT_EQ(image.initrd.bytes, *files.initrd);
  EXPECT_EQ(image.command_line.address, 0x20000u);
  EXPECT_EQ(std::string(image.command_line.bytes.begin(), image.command_line.bytes.end()),
            std::string("console=ttyS0\0", 14));

  struct Row {
    std::size_t at;
    std::uint32_t dword;
    const char* what;
  };
  const Row rows[] = {{0x20e, 0x81ff0000, "loader of no id, heap may be used"},
                      {0x218, 16 * kMebibyte - 0x2000, "ramdisk_image"},
                      {0x21c, 5000, "ramdisk_size"},
                      {0x224, 0xfe00, "heap_end_ptr"},
                      {0x228, 0x20000, "cmd_line_ptr"}};
  for (const Row& row : rows) EXPECT_EQ(dword(image.setup.bytes, row.at), row.dword) << row.what;
}

// "initrd_addr_max", and what holds for a kernel that does not have it yet.
TEST(LinuxBoot, KeepsTheInitrdWhereTheKernelReachesIt) {
  LinuxFiles files = linux_files();
  files.initrd = FwCfg::Bytes(0x1000, 'i');
  struct Row {
    unsigned version;
    std::uint32_t most;
    std::uint64_t ram;
    std::uint32_t address;
  };
  const Row rows[] = {
      {0x20c, 0x37ffffff, 2048 * kMebibyte, 0x37fff000}, {0x20c, 0x7fffffff, 1024 * kMebibyte, 0x3ffff000},
      {0x203, 0x00ffffff, 64 * kMebibyte, 0x00fff000},   {0x202, 0x00ffffff, 64 * kMebibyte, 0x03fff000},
      {0x202, 0, 2048 * kMebibyte, 0x37fff000},          {0x20c, 0xffffffff, 2048 * kMebibyte, 0x7ffff000}};
  for (const Row& row : rows) {
    put(files.kernel, 0x206, row.version, 2);
    put(files.kernel, 0x22c, row.most, 4);
    EXPECT_EQ(lay_out_linux(files, row.ram).value().initrd.address, row.address) << std::hex << row.version;
  }
}

TEST(LinuxBoot, RefusesWhatItCannotStart) {
  struct Row {
    const char* why;
    void (*change)(LinuxFiles&);
  };
  const Row rows[] = {
      {"no HdrS", [](LinuxFiles& f) { f.kernel[0x202] = 'h'; }},
      {"no HdrS", [](LinuxFiles& f) { f.kernel.resize(0x263); }},
      {"its boot protocol is 2.01;", [](LinuxFiles& f) { put(f.kernel, 0x206, 0x201, 2); }},
      {"its boot protocol is 2.12, loaded low", [](LinuxFiles& f) { f.kernel[0x211] = 0; }},
      {"its setup part is said to have 2560 bytes, of 2536", [](LinuxFiles& f) { f.kernel[0x1f1] = 0; }},
      {"its setup part is said to have 33280 bytes",
       [](LinuxFiles& f) {
         f.kernel[0x1f1] = 64;
         f.kernel.resize(100000);
       }},
      {"--append has 41 characters; this kernel takes 40", [](LinuxFiles& f) { f.append.assign(41, 'a'); }},
      {"--append has 256 characters; this kernel takes 255",
       [](LinuxFiles& f) {
         put(f.kernel, 0x206, 0x205, 2);
         f.append.assign(256, 'a');
       }},
  };
  for (const Row& row : rows) {
    LinuxFiles files = linux_files();
    row.change(files);
    const auto checked = check_linux(files);
    ASSERT_FALSE(checked) << row.why;
    EXPECT_THAT(checked.error().message(), HasSubstr(row.why));
  }
  LinuxFiles files = linux_files();
  EXPECT_TRUE(lay_out_linux(files, 3 * kMebibyte)) << "to the last byte of 2 MiB from 1 MiB";
  const auto no_room = lay_out_linux(files, 3 * kMebibyte - 1);
  ASSERT_FALSE(no_room);
  EXPECT_THAT(no_room.error().message(), HasSubstr("--kernel: it needs RAM up to 300000"));
  files.initrd = FwCfg::Bytes(1, 'i');
  EXPECT_TRUE(lay_out_linux(files, 3 * kMebibyte + 0x1000));
  files.initrd = FwCfg::Bytes(0x1001, 'i');
  const auto no_initrd = lay_out_linux(files, 3 * kMebibyte + 0x1000);
  ASSERT_FALSE(no_initrd);
  EXPECT_THAT(no_initrd.error().message(),
              HasSubstr("--initrd: 4097 bytes have no room between the kernel's end at 300000 and 301000"));
}

// fw_cfg's numbered items, each value of 32 bits little-endian (spec; qemu_fw_cfg.h).
TEST(LinuxBoot, OffersTheItemsThatTheLoaderReads) {
  lowmeg::memory::PlainMapper mapper{{0, 0x1000}};
  auto ram = lowmeg::memory::Backing::create("ram", 0x1000).value();
  const auto rom = lowmeg::memory::Backing::create("rom", 0x1000).value();
  fakes::FakePatience patience;
  FwCfg fw_cfg{lowmeg::memory::BusMaster(mapper, ram, rom), patience};
  offer_linux({.setup = {0x10000, {'s'}},
               .kernel = {0x100000, {'k', 'k'}},
               .initrd = {0x12345000, {'i', 'i', 'i'}},
               .command_line = {0x20000, {'c', 'c', 'c', 0}}},
              fw_cfg);
  struct Row {
    unsigned key;
    std::string bytes;
  };
  const Row rows[] = {{0x07, {"\0\0\x10\0", 4}},     {0x08, {"\2\0\0\0", 4}}, {0x11, "kk"},
                      {0x0a, {"\0\x50\x34\x12", 4}}, {0x0b, {"\3\0\0\0", 4}}, {0x12, "iii"},
                      {0x13, {"\0\0\2\0", 4}},       {0x14, {"\4\0\0\0", 4}}, {0x15, {"ccc\0", 4}},
                      {0x16, {"\0\0\1\0", 4}},       {0x17, {"\1\0\0\0", 4}}, {0x18, "s"}};
  for (const Row& row : rows) {
    fw_cfg.write(0x510, 2, row.key);
    std::string bytes;
    for (std::size_t i = 0; i < row.bytes.size(); ++i) bytes += static_cast<char>(fw_cfg.read(0x511, 1));
    EXPECT_EQ(bytes, row.bytes) << std::hex << row.key;
  }
}

}  // namespace
}  // namespace vmm
