#include "vmm/saved_vm.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace vmm {

using lowmeg::Errc;
using lowmeg::kPageSize;
using lowmeg::Result;

namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'L', 'O', 'W', 'M', 'E', 'G', 'V', 'M'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = kMagic.size() + 4 + 4 + 8;

using Out = std::vector<std::uint8_t>;

void put(Out& out, std::uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void put(Out& out, std::span<const std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Takes bytes from the front; once they do not suffice, nothing more comes.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  std::span<const std::uint8_t> bytes(std::uint64_t size) {
    is_short_ = is_short_ || size > left_.size();
    if (is_short_) return {};
    const auto taken = left_.first(static_cast<std::size_t>(size));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  std::uint64_t number(unsigned size) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const std::uint8_t byte : bytes(size)) value |= std::uint64_t{byte} << (8 * shift++);
    return value;
  }
  std::uint32_t dword() { return static_cast<std::uint32_t>(number(4)); }
  std::size_t left() const { return left_.size(); }
  bool is_good() const { return !is_short_; }
  bool is_at_end() const { return is_good() && left_.empty(); }

 private:
  std::span<const std::uint8_t> left_;
  bool is_short_ = false;
};

tl::unexpected<lowmeg::Error> refuse(std::string why) {
  return lowmeg::fail(Errc::kInvalidArgument, "saved VM: " + std::move(why));
}

// What the header covers.
Result<Reader> body_of(std::span<const std::uint8_t> file) {
  Reader reader(file);
  if (!std::ranges::equal(reader.bytes(kMagic.size()), kMagic)) return refuse("this is none");
  const std::uint32_t version = reader.dword();
  const std::uint32_t expected = reader.dword();
  const std::uint64_t length = reader.number(8);
  if (!reader.is_good()) return refuse("cut short");
  if (version != kVersion)
    return refuse(fmt::format("version {}, where {} is known here", version, kVersion));
  if (length != reader.left())
    return refuse(fmt::format("{} bytes follow its header, where it tells of {}", reader.left(), length));
  const auto body = reader.bytes(length);
  if (checksum(body) != expected) return refuse("damaged: its checksum is another");
  return Reader(body);
}

// Ascending, within RAM.
Result<std::vector<SavedPage>> pages_in(Reader& reader, std::uint64_t ram_size) {
  const std::uint32_t count = reader.dword();
  std::vector<SavedPage> pages;
  std::uint64_t least = 0;
  for (std::uint32_t i = 0; i < count && reader.is_good(); ++i) {
    const std::uint32_t number = reader.dword();
    if (number < least || number >= ram_size / kPageSize) return refuse("a page of RAM out of place");
    pages.push_back({number, reader.bytes(kPageSize)});
    least = std::uint64_t{number} + 1;
  }
  return pages;
}

}  // namespace

std::uint32_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t before) {
  // SAFETY: zlib reads just these bytes.
  return static_cast<std::uint32_t>(::crc32_z(before, bytes.data(), bytes.size()));
}

std::vector<std::uint8_t> encode(const SavedVm& vm) {
  Out body;
  body.reserve(vm.state.size() + vm.pages.size() * (4 + kPageSize) + 64);
  put(body, vm.build.ram_size, 8);
  for (const std::uint32_t field : {vm.build.personality, vm.build.roms, vm.build.devices})
    put(body, field, 4);
  put(body, vm.state.size(), 4);
  put(body, vm.state);
  put(body, vm.pages.size(), 4);
  for (const SavedPage& page : vm.pages) {
    put(body, page.number, 4);
    put(body, page.bytes);
  }
  Out file;
  file.reserve(kHeaderSize + body.size());
  put(file, kMagic);
  put(file, kVersion, 4);
  put(file, checksum(body), 4);
  put(file, body.size(), 8);
  put(file, body);
  return file;
}

Result<SavedVm> decode_saved_vm(std::span<const std::uint8_t> bytes) {
  auto body = body_of(bytes);
  if (!body) return tl::unexpected(body.error());
  SavedVm vm;
  vm.build.ram_size = body->number(8);
  vm.build.personality = body->dword();
  vm.build.roms = body->dword();
  vm.build.devices = body->dword();
  vm.state = body->bytes(body->dword());
  auto pages = pages_in(*body, vm.build.ram_size);
  if (!pages) return tl::unexpected(pages.error());
  vm.pages = std::move(*pages);
  if (!body->is_at_end()) return refuse("its parts do not make up its length");
  return vm;
}

Result<void> fits(const SavedVm& vm, const SavedVm::Build& have) {
  const SavedVm::Build& want = vm.build;
  if (want.ram_size != have.ram_size) {
    return refuse(
        fmt::format("{} MiB of RAM, where this machine has {}", want.ram_size >> 20, have.ram_size >> 20));
  }
  if (want.personality != have.personality) return refuse("another bridge than this machine's (--bridge)");
  if (want.roms != have.roms) return refuse("another firmware or VGA BIOS than this machine's");
  if (want.devices != have.devices)
    return refuse("other cards, option ROMs, floppy or kernel than this machine's");
  return {};
}

}  // namespace vmm
