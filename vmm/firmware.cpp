#include "vmm/firmware.hpp"

#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>

namespace vmm {
namespace {

using lowmeg::Errc;
using lowmeg::Result;

constexpr std::size_t kKiB = 1024;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// The whole file, as long as it has at most `limit` bytes; one byte more is read to tell.
Result<Image> read_file(const char* kind, const std::string& path, std::size_t limit) {
  errno = 0;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) return lowmeg::fail_errno(fmt::format("{} {}", kind, path));
  Image image(limit + 1);
  const std::size_t size = std::fread(image.data(), 1, image.size(), file.get());
  if (std::ferror(file.get())) return lowmeg::fail_errno(fmt::format("{} {}", kind, path));
  if (size == 0)
    return lowmeg::fail(Errc::kInvalidArgument, fmt::format("{} {}: the file is empty", kind, path));
  if (size > limit) {
    return lowmeg::fail(Errc::kInvalidArgument,
                        fmt::format("{} {}: larger than {} KiB", kind, path, limit / kKiB));
  }
  image.resize(size);
  return image;
}

tl::unexpected<lowmeg::Error> refuse(const char* kind, const std::string& path, const std::string& why) {
  return lowmeg::fail(Errc::kInvalidArgument, fmt::format("{} {}: {}", kind, path, why));
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

Result<Image> load_vga_bios(const std::string& path) {
  Result<Image> image = read_file("VGA BIOS", path, 48 * kKiB);
  if (image && (image->size() < 3 || (*image)[0] != 0x55 || (*image)[1] != 0xaa)) {
    return refuse("VGA BIOS", path, "no option ROM (it does not start with 55 AA)");
  }
  return image;
}

Result<Image> load_floppy(const std::string& path) {
  constexpr std::size_t kSector = 512;
  Result<Image> image = read_file("floppy image", path, 2880 * kKiB);
  if (image && image->size() % kSector != 0) {
    return refuse("floppy image", path, fmt::format("{} bytes are not whole sectors of 512", image->size()));
  }
  return image;
}

}  // namespace vmm
