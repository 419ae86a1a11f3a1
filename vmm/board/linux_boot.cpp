#include "vmm/board/linux_boot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;

// Where the parts go: the setup part with its stack and heap has 64 KiB, and the command line follows.
constexpr std::uint32_t kSetup = 0x10000, kCommandLine = 0x20000, kKernel = 0x100000;
constexpr std::uint32_t kMostSetup = 0x8000;  // the rest of the 64 KiB is stack and heap
constexpr std::uint32_t kPage = 0x1000;

// "The real-mode kernel header": a field's offset and its bytes.
struct Field {
  std::size_t at, bytes;
};
constexpr Field kSetupSectors{0x1f1, 1}, kMagic{0x202, 4}, kVersion{0x206, 2}, kLoaderType{0x210, 1},
    kLoadFlags{0x211, 1}, kRamdisk{0x218, 4}, kRamdiskSize{0x21c, 4}, kHeapEnd{0x224, 2},
    kCommandLineAt{0x228, 4}, kInitrdMost{0x22c, 4}, kCommandLineSize{0x238, 4}, kInitSize{0x260, 4};
constexpr std::size_t kHeaderEnd = 0x264;
constexpr std::uint32_t kHdrS = 0x53726448;
constexpr std::uint8_t kLoadedHigh = 0x01, kCanUseHeap = 0x80;
constexpr std::uint8_t kNoLoaderId = 0xff;

std::uint32_t get(const FwCfg::Bytes& kernel, Field field) {
  std::uint32_t value = 0;
  for (std::size_t i = field.bytes; i-- > 0;) value = value << 8 | kernel[field.at + i];
  return value;
}

void put(FwCfg::Bytes& setup, Field field, std::uint32_t value) {
  for (std::size_t i = 0; i < field.bytes; ++i, value >>= 8)
    setup[field.at + i] = static_cast<std::uint8_t>(value);
}

// A field that came with a later version of the protocol, or what held before it.
std::uint32_t get_since(std::uint32_t version, const FwCfg::Bytes& kernel, Field field,
                        std::uint32_t before) {
  return get(kernel, kVersion) >= version ? get(kernel, field) : before;
}

// With the boot sector; 0 sectors mean 4.
std::uint32_t setup_bytes(const FwCfg::Bytes& kernel) {
  const std::uint32_t sectors = get(kernel, kSetupSectors);
  return ((sectors == 0 ? 4 : sectors) + 1) * 512;
}

tl::unexpected<lowmeg::Error> refuse(std::string why) {
  return lowmeg::fail(Errc::kInvalidArgument, std::move(why));
}

// What the kernel occupies from 1 MiB while it unpacks itself.
std::uint64_t kernel_end(const FwCfg::Bytes& kernel) {
  const std::size_t bytes = kernel.size() - setup_bytes(kernel);
  return kKernel + std::max<std::uint64_t>(bytes, get_since(0x20a, kernel, kInitSize, 0));
}

// As high as kernel and RAM allow.
Result<std::uint32_t> initrd_address(const LinuxFiles& files, std::uint64_t ram_bytes) {
  const std::uint64_t most = get_since(0x203, files.kernel, kInitrdMost, 0x37ffffff);
  const std::uint64_t end = std::min(ram_bytes, most + 1);
  const std::uint64_t size = files.initrd->size();
  const std::uint64_t least = kernel_end(files.kernel);
  if (end < size || (end - size) / kPage * kPage < least)
    return refuse(fmt::format("--initrd: {} bytes have no room between the kernel's end at {:X} and {:X}",
                              size, least, end));
  return static_cast<std::uint32_t>((end - size) / kPage * kPage);
}

void fill_in_header(LinuxImage& image, std::uint32_t flags) {
  FwCfg::Bytes& setup = image.setup.bytes;
  put(setup, kLoaderType, kNoLoaderId);
  put(setup, kLoadFlags, flags | kCanUseHeap);
  put(setup, kHeapEnd, kCommandLine - kSetup - 0x200);
  put(setup, kCommandLineAt, kCommandLine);
  put(setup, kRamdisk, image.initrd.address);
  put(setup, kRamdiskSize, static_cast<std::uint32_t>(image.initrd.bytes.size()));
}

FwCfg::Bytes little_endian(std::uint64_t value) {
  FwCfg::Bytes bytes(4);
  put(bytes, {0, 4}, static_cast<std::uint32_t>(value));
  return bytes;
}

}  // namespace

Result<void> check_linux(const LinuxFiles& files) {
  const FwCfg::Bytes& kernel = files.kernel;
  if (kernel.size() < kHeaderEnd || get(kernel, kMagic) != kHdrS)
    return refuse("no Linux kernel (no HdrS at offset 202h)");
  const std::uint32_t version = get(kernel, kVersion);
  if (version < 0x202 || (get(kernel, kLoadFlags) & kLoadedHigh) == 0)
    return refuse(
        fmt::format("its boot protocol is {}.{:02}{}; a kernel loaded high, of 2.02 or later, is needed",
                    version >> 8, version & 0xff, version < 0x202 ? "" : ", loaded low"));
  if (setup_bytes(kernel) > kMostSetup || setup_bytes(kernel) >= kernel.size())
    return refuse(fmt::format("its setup part is said to have {} bytes, of {} in all; {} are the most",
                              setup_bytes(kernel), kernel.size(), kMostSetup));
  const std::uint32_t most = std::min(get_since(0x206, kernel, kCommandLineSize, 255), 0xffffu);
  if (files.append.size() <= most) return {};
  return refuse(fmt::format("--append has {} characters; this kernel takes {}", files.append.size(), most));
}

Result<LinuxImage> lay_out_linux(const LinuxFiles& files, std::uint64_t ram_bytes) {
  const FwCfg::Bytes& kernel = files.kernel;
  if (kernel_end(kernel) > ram_bytes)
    return refuse(fmt::format("--kernel: it needs RAM up to {:X}, and there is RAM up to {:X}",
                              kernel_end(kernel), ram_bytes));
  const auto setup_end = kernel.begin() + static_cast<std::ptrdiff_t>(setup_bytes(kernel));
  LinuxImage image{.setup = {kSetup, {kernel.begin(), setup_end}},
                   .kernel = {kKernel, {setup_end, kernel.end()}},
                   .initrd = {},
                   .command_line = {kCommandLine, {files.append.begin(), files.append.end()}}};
  image.command_line.bytes.push_back(0);
  if (files.initrd) {
    const auto address = initrd_address(files, ram_bytes);
    if (!address) return tl::unexpected(address.error());
    image.initrd = {*address, *files.initrd};
  }
  fill_in_header(image, get(kernel, kLoadFlags));
  return image;
}

void offer_linux(const LinuxImage& image, FwCfg& fw_cfg) {
  struct Items {
    FwCfg::Key address, size, data;
    const LinuxImage::Part& part;
  };
  const Items all[] = {
      {FwCfg::kKernelAddress, FwCfg::kKernelSize, FwCfg::kKernelData, image.kernel},
      {FwCfg::kInitrdAddress, FwCfg::kInitrdSize, FwCfg::kInitrdData, image.initrd},
      {FwCfg::kCommandLineAddress, FwCfg::kCommandLineSize, FwCfg::kCommandLineData, image.command_line},
      {FwCfg::kSetupAddress, FwCfg::kSetupSize, FwCfg::kSetupData, image.setup},
  };
  for (const Items& items : all) {
    fw_cfg.set_item(items.address, little_endian(items.part.address));
    fw_cfg.set_item(items.size, little_endian(items.part.bytes.size()));
    fw_cfg.set_item(items.data, items.part.bytes);
  }
}

}  // namespace vmm
