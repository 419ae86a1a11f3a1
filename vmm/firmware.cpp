#include "vmm/firmware.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <string_view>

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kPiece = 1024 * kKiB;  // of a file, read at a time

// C0000-DFFFF, where the cards of a PC have their ROMs.
constexpr std::size_t kOptionRomRegion = 128 * kKiB;

// The disks of a PC, 5.25 inch (160 to 360 KiB, 1200) and 3.5 inch; SeaBIOS takes an image of another size
// for no floppy.
constexpr std::array<std::size_t, 8> kFloppySizes{160 * kKiB, 180 * kKiB,  320 * kKiB,  360 * kKiB,
                                                  720 * kKiB, 1200 * kKiB, 1440 * kKiB, 2880 * kKiB};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

tl::unexpected<lowmeg::Error> refuse(const char* kind, const std::string& path, const std::string& why) {
  return lowmeg::fail(Errc::kInvalidArgument, fmt::format("{} {}: {}", kind, path, why));
}

// The whole file, as long as it has at most `limit` bytes; one byte more is read to tell.
Result<Image> read_file(const char* kind, const std::string& path, std::size_t limit,
                        const char* advice = "") {
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return lowmeg::fail_errno(fmt::format("{} {}", kind, path));
  Image image;
  for (std::size_t size = 0; size <= limit && !std::feof(file.get());) {
    image.resize(std::min(limit + 1, size + kPiece));
    size += std::fread(image.data() + size, 1, image.size() - size, file.get());
    image.resize(size);
    if (std::ferror(file.get())) return lowmeg::fail_errno(fmt::format("{} {}", kind, path));
  }
  if (image.empty()) return refuse(kind, path, "the file is empty");
  if (image.size() > limit)
    return refuse(kind, path, fmt::format("larger than {} KiB{}", limit / kKiB, advice));
  return image;
}

// Why PC firmware would not run this as an option ROM, or "".
std::string option_rom_complaint(const Image& image) {
  if (image.size() < 3 || image[0] != 0x55 || image[1] != 0xaa)
    return "no option ROM (it does not start with 55 AA and a length)";
  const std::size_t length = image[2] * std::size_t{512};
  if (length == 0) return "its length byte is 0";
  if (length > image.size())
    return fmt::format("its length byte says {} bytes, and there are {}", length, image.size());
  const auto end = image.begin() + static_cast<std::ptrdiff_t>(length);
  if (std::accumulate(image.begin(), end, 0u) % 256 != 0)
    return fmt::format("its first {} bytes do not add up to 0, modulo 256", length);
  return {};
}

Result<Image> read_option_rom(const char* kind, const std::string& path, std::size_t limit,
                              const char* advice = "") {
  Result<Image> image = read_file(kind, path, limit, advice);
  if (!image) return image;
  const std::string complaint = option_rom_complaint(*image);
  if (!complaint.empty()) return refuse(kind, path, complaint);
  return image;
}

}  // namespace

Result<Image> load_firmware(const std::string& path) {
  constexpr std::size_t kMost = 1024 * kKiB;
  Result<Image> image = read_file("firmware", path, kMost + 1);  // one more, to tell what the rule is
  if (image && (image->size() < 64 * kKiB || image->size() > kMost || !std::has_single_bit(image->size()))) {
    return refuse("firmware", path,
                  fmt::format("{} bytes; a power of two from 64 KiB to 1 MiB is needed", image->size()));
  }
  return image;
}

std::string text_at_the_end(const Image& firmware) {
  constexpr std::string_view kBanner = "SeaBIOS (version";
  const bool is_sea_bios = !std::ranges::search(firmware, kBanner).empty();
  return is_sea_bios ? "No bootable device" : "";
}

Result<Image> load_vga_bios(const std::string& path, VgaBus bus) {
  if (bus == VgaBus::kPci) return read_option_rom("VGA BIOS", path, kOptionRomRegion);
  return read_option_rom("VGA BIOS", path, 48 * kKiB, "; --vgabios-pci takes 128");
}

Result<OptionRom> load_option_rom(const std::string& path) {
  auto image = read_option_rom("option ROM", path, kOptionRomRegion);
  if (!image) return tl::unexpected(image.error());
  return OptionRom{path.substr(path.rfind('/') + 1), std::move(*image)};
}

Result<LinuxFiles> load_linux(const LinuxPaths& paths) {
  constexpr std::size_t kMost = 1 << 30;  // more has no room in RAM below 4 GiB
  auto kernel = read_file("kernel", paths.kernel, kMost);
  if (!kernel) return tl::unexpected(kernel.error());
  LinuxFiles files{std::move(*kernel), {}, paths.append};
  if (auto checked = check_linux(files); !checked)
    return refuse("kernel", paths.kernel, checked.error().message());
  if (paths.initrd.empty()) return files;
  auto initrd = read_file("initrd", paths.initrd, kMost);
  if (!initrd) return tl::unexpected(initrd.error());
  files.initrd = std::move(*initrd);
  return files;
}

Result<OptionRom> load_linux_loader(const std::string& path) {
  auto image = read_option_rom("the kernel's loader", path, kOptionRomRegion, " (package qemu-system-data)");
  if (!image) return tl::unexpected(image.error());
  return OptionRom{kLinuxLoader, std::move(*image)};
}

// A controller tells the format of a disk from nothing else than its size.
Result<Image> load_floppy(const std::string& path, lowmeg::EventSink& events) {
  constexpr std::size_t kSector = 512;
  Result<Image> image = read_file("floppy image", path, kFloppySizes.back());
  if (!image) return image;
  if (image->size() % kSector != 0)
    return refuse("floppy image", path, fmt::format("{} bytes are not whole sectors of 512", image->size()));
  const std::size_t size = *std::ranges::lower_bound(kFloppySizes, image->size());
  if (size != image->size()) {
    events.event({lowmeg::Severity::kInfo, "vmm",
                  fmt::format("floppy image {}: {} bytes are no disk's size; filled up with zeros to {} KiB",
                              path, image->size(), size / kKiB)});
    image->resize(size);
  }
  return image;
}

}  // namespace vmm
