// A VM as KvmMapper's system calls see it: slots under the rules of virt/kvm/kvm_main.c, coalesced zones, and
// the host addresses under the slots. Without KVM, and with calls that fail when told to. And as its guest
// sees it: what an access gives, natively or emulated by KVM.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lowmeg/core/gpa.hpp"
#include "lowmeg/kvm/kvm_header.hpp"
#include "lowmeg/kvm/syscalls.hpp"

namespace lowmeg::fakes {

class FakeKvm final : public kvm::Syscalls {
 public:
  static constexpr int kVmFd = 1'000'000, kVcpuFd = 1'000'001;

  /// What a page of the guest shows: bytes at `offset` of the descriptor, or nothing there (a hole: EFAULT).
  struct Page {
    bool read_only = false;
    int fd = -1;
    std::uint64_t offset = 0;
    int protection = PROT_NONE;  // of the mapping in the host
    friend bool operator==(const Page&, const Page&) = default;
  };
  /// What becomes of a guest's access.
  enum class Ends {
    kDone,
    kExits,    ///< KVM_EXIT_MMIO, or it waits in the ring
    kRefused,  ///< EFAULT natively; emulated, as kExits
  };

  /// Calls that change something, counted from 0: number `first` and, if sticky, all after it fail with
  /// `error`.
  void fail_call(unsigned first, int error, bool sticky) {
    calls = 0;
    first_failure_ = first, error_ = error, sticky_ = sticky;
  }
  void fail_none() { first_failure_.reset(); }

  /// The page at `gpa`; nullopt where there is no slot. Address space 1 is what is seen in SMM.
  std::optional<Page> page(Gpa gpa, std::uint32_t space = 0) const {
    for (const auto& [id, slot] : slots_) {
      if (id >> 16 != space) continue;
      if (gpa < slot.guest_phys_addr || gpa >= slot.guest_phys_addr + slot.memory_size) continue;
      const auto mapped = host_.find(slot.userspace_addr + (gpa - slot.guest_phys_addr));
      Page result = mapped == host_.end() ? Page{} : mapped->second;
      result.read_only = (slot.flags & KVM_MEM_READONLY) != 0;
      return result;
    }
    return std::nullopt;
  }
  /// What a guest reads at `gpa`; -1 where it exits or is refused.
  int read(Gpa gpa, std::uint32_t space = 0) const {
    const auto found = page(gpa - gpa % kPageSize, space);
    std::uint8_t byte = 0;
    if (!found || (found->protection & PROT_READ) == 0 ||
        pread(found->fd, &byte, 1, static_cast<off_t>(found->offset + gpa % kPageSize)) != 1)
      return -1;
    return byte;
  }
  /// A guest writes a byte.
  Ends write(Gpa gpa, std::uint8_t byte, std::uint32_t space = 0) {
    const auto found = page(gpa - gpa % kPageSize, space);
    if (!found || found->read_only) return Ends::kExits;
    if ((found->protection & PROT_WRITE) == 0) return Ends::kRefused;
    if (pwrite(found->fd, &byte, 1, static_cast<off_t>(found->offset + gpa % kPageSize)) != 1)
      return Ends::kRefused;
    note(gpa, space);
    return Ends::kDone;
  }
  /// Whether writes to `gpa` are noted in a bitmap.
  bool notes(Gpa gpa) const {
    return std::ranges::any_of(slots_, [&](const auto& entry) {
      const auto& slot = entry.second;
      return gpa >= slot.guest_phys_addr && gpa < slot.guest_phys_addr + slot.memory_size &&
             dirty_.contains(entry.first);
    });
  }
  std::size_t slot_count() const { return slots_.size(); }
  std::size_t mapped_pages() const { return host_.size(); }
  const std::vector<GpaRange>& zones() const { return zones_; }
  /// Of the slot over `gpa`, in this process; 0: there is none.
  std::uint64_t host_address(Gpa gpa) const {
    for (const auto& [id, slot] : slots_) {
      if (gpa >= slot.guest_phys_addr && gpa < slot.guest_phys_addr + slot.memory_size)
        return slot.userspace_addr + (gpa - slot.guest_phys_addr);
    }
    return 0;
  }

  int open(const char*, int) override { return fail(open_error); }
  int ioctl(int fd, unsigned long request, std::uintptr_t argument) override {
    if (fd != kVmFd && fd != kVcpuFd) return fail(EBADF);
    // SAFETY: the caller passes the structure that the request names.
    switch (request) {
      case KVM_CHECK_EXTENSION:
        return extensions.contains(static_cast<int>(argument)) ? extensions.at(static_cast<int>(argument))
                                                               : 0;
      case KVM_ENABLE_CAP:
        if (next_fails()) return -1;
        enabled.push_back(*reinterpret_cast<const kvm_enable_cap*>(argument));
        return 0;
      case KVM_GET_API_VERSION:
        return api_version;
      case KVM_SET_USER_MEMORY_REGION:
        return next_fails() ? -1 : set_slot(*reinterpret_cast<const kvm_userspace_memory_region*>(argument));
      case KVM_REGISTER_COALESCED_MMIO:
        return add_zone(*reinterpret_cast<const kvm_coalesced_mmio_zone*>(argument));
      case KVM_UNREGISTER_COALESCED_MMIO:
        return next_fails() ? -1 : remove_zone(*reinterpret_cast<const kvm_coalesced_mmio_zone*>(argument));
      case KVM_GET_DIRTY_LOG:
        return give_dirty_log(*reinterpret_cast<const kvm_dirty_log*>(argument));
      case KVM_GET_VCPU_EVENTS:
        return *reinterpret_cast<kvm_vcpu_events*>(argument) = events, 0;
      case KVM_SET_VCPU_EVENTS:
        return next_fails() ? -1 : (events = *reinterpret_cast<const kvm_vcpu_events*>(argument), 0);
      default:
        return fail(ENOTTY);
    }
  }
  void* mmap(void* address, std::size_t size, int protection, int flags, int fd,
             std::uint64_t offset) override {
    // SAFETY: addresses are numbers here; nobody looks behind them.
    if ((flags & MAP_FIXED) == 0) {
      if (next_fails()) return MAP_FAILED;
      const std::uint64_t start = reservations_.empty() ? kBase : reservations_.back().end() + 0x7000'0000;
      reservations_.emplace_back(start, start + size);
      if (fd >= 0) map_pages(start, size, {.fd = fd, .offset = offset, .protection = protection});
      return reinterpret_cast<void*>(start);
    }
    const auto start = reinterpret_cast<std::uint64_t>(address);
    check_reserved(GpaRange(start, start + size));
    unmap_pages(start, size);  // a failure leaves a hole, at worst
    if (next_fails()) return MAP_FAILED;
    map_pages(start, size, {.fd = fd, .offset = offset, .protection = protection});
    stepped();
    return address;
  }
  int mprotect(void* address, std::size_t size, int protection) override {
    const auto start = reinterpret_cast<std::uint64_t>(address);
    check_reserved(GpaRange(start, start + size));
    const bool fails = next_fails();
    const std::uint64_t end = start + (fails ? kPageSize : size);  // a failure may come half-way
    for (auto page = host_.lower_bound(start); page != host_.lower_bound(end); ++page)
      page->second.protection = protection;
    if (!fails) stepped();
    return fails ? -1 : 0;
  }
  int munmap(void* address, std::size_t size) override {
    const auto start = reinterpret_cast<std::uint64_t>(address);
    check_reserved(GpaRange(start, start + size));
    for (const auto& [id, slot] : slots_) {
      if (slot.userspace_addr < start + size && start < slot.userspace_addr + slot.memory_size)
        outside = "memory unmapped under a live slot";
    }
    unmap_pages(start, size);
    reserved_bytes_gone += size;
    return 0;
  }

  /// Bytes of addresses that were reserved and not given back.
  std::uint64_t reserved_bytes() const {
    std::uint64_t bytes = 0;
    for (const GpaRange& range : reservations_) bytes += range.size();
    return bytes - reserved_bytes_gone;
  }

  std::map<int, int> extensions{{KVM_CAP_USER_MEMORY, 1},
                                {KVM_CAP_READONLY_MEM, 1},
                                {KVM_CAP_NR_MEMSLOTS, 512},
                                {KVM_CAP_IMMEDIATE_EXIT, 1},
                                {KVM_CAP_COALESCED_MMIO, 2}};
  int api_version = kvm::kApiVersion;
  kvm_vcpu_events events{};
  std::vector<kvm_enable_cap> enabled;
  int open_error = ENOENT;
  int zone_error = 0;       ///< that registering a zone gives
  int dirty_log_error = 0;  ///< that KVM_GET_DIRTY_LOG gives
  unsigned calls = 0;       ///< that change something, since the last fail_call()
  std::string outside;      ///< what broke the rules of the address space, if anything did
  /// Called after each call that changed something: what a guest may see at this moment.
  std::function<void()> after_step;
  std::uint64_t reserved_bytes_gone = 0;

 private:
  static constexpr std::uint64_t kBase = 0x7000'0012'3000;  // not aligned to a large page

  static int fail(int error) {
    errno = error;
    return -1;
  }
  void stepped() const {
    if (after_step) after_step();
  }
  void check_reserved(const GpaRange& range) {
    if (std::ranges::none_of(reservations_, [&](const GpaRange& all) { return all.contains(range); }))
      outside = "outside of the reservation";
  }
  void map_pages(std::uint64_t start, std::size_t size, Page page) {
    for (std::uint64_t at = 0; at < size; at += kPageSize, page.offset += kPageSize) host_[start + at] = page;
  }
  void unmap_pages(std::uint64_t start, std::size_t size) {
    host_.erase(host_.lower_bound(start), host_.lower_bound(start + size));
  }
  bool next_fails() {
    const unsigned call = calls++;
    if (!first_failure_ || (sticky_ ? call < *first_failure_ : call != *first_failure_)) return false;
    errno = error_;
    return true;
  }
  // KVM's __kvm_set_memory_region and its checks, in their order.
  int set_slot(const kvm_userspace_memory_region& wanted) {
    if ((wanted.flags & ~static_cast<unsigned>(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES)) != 0)
      return fail(EINVAL);
    if (!is_page_aligned(wanted.memory_size) || !is_page_aligned(wanted.guest_phys_addr) ||
        !is_page_aligned(wanted.userspace_addr)) {
      return fail(EINVAL);
    }
    if (static_cast<int>(wanted.slot & 0xffff) >= extensions.at(KVM_CAP_NR_MEMSLOTS)) return fail(EINVAL);
    const auto old = slots_.find(wanted.slot);
    if (wanted.memory_size == 0) {
      if (old == slots_.end()) return fail(EINVAL);
      slots_.erase(old);
      dirty_.erase(wanted.slot);
      stepped();
      return 0;
    }
    if (old != slots_.end() && (old->second.memory_size != wanted.memory_size ||
                                old->second.userspace_addr != wanted.userspace_addr ||
                                ((old->second.flags ^ wanted.flags) & KVM_MEM_READONLY) != 0)) {
      return fail(EINVAL);
    }
    for (const auto& [id, slot] : slots_) {
      const bool overlaps = wanted.slot >> 16 == id >> 16 &&
                            wanted.guest_phys_addr < slot.guest_phys_addr + slot.memory_size &&
                            slot.guest_phys_addr < wanted.guest_phys_addr + wanted.memory_size;
      if (id != wanted.slot && overlaps) return fail(EEXIST);
    }
    slots_[wanted.slot] = wanted;
    if ((wanted.flags & KVM_MEM_LOG_DIRTY_PAGES) == 0) {
      dirty_.erase(wanted.slot);
    } else {
      dirty_.try_emplace(wanted.slot, (wanted.memory_size / kPageSize + 63) / 64);
    }
    stepped();
    return 0;
  }
  void note(Gpa gpa, std::uint32_t space) {
    for (const auto& [id, slot] : slots_) {
      if (id >> 16 != space) continue;
      const Gpa page = (gpa - slot.guest_phys_addr) / kPageSize;
      if (gpa < slot.guest_phys_addr || page >= slot.memory_size / kPageSize || !dirty_.contains(id))
        continue;
      dirty_[id][page / 64] |= std::uint64_t{1} << page % 64;
    }
  }
  // "KVM_GET_DIRTY_LOG: the bits are cleared before the ioctl returns"; ENOENT without the flag.
  int give_dirty_log(const kvm_dirty_log& log) {
    const auto found = dirty_.find(log.slot);
    if (dirty_log_error != 0) return fail(dirty_log_error);
    if (found == dirty_.end()) return fail(ENOENT);
    std::ranges::copy(found->second, static_cast<std::uint64_t*>(log.dirty_bitmap));
    std::ranges::fill(found->second, 0);
    return 0;
  }
  int add_zone(const kvm_coalesced_mmio_zone& zone) {
    if (zone_error != 0) return fail(zone_error);
    zones_.emplace_back(zone.addr, zone.addr + zone.size);
    std::ranges::sort(zones_);
    return 0;
  }
  int remove_zone(const kvm_coalesced_mmio_zone& zone) {
    std::erase_if(zones_, [&](const GpaRange& range) {
      return range.contains(GpaRange(zone.addr, zone.addr + zone.size));
    });
    return 0;
  }

  std::map<std::uint32_t, kvm_userspace_memory_region> slots_;
  std::map<std::uint32_t, std::vector<std::uint64_t>> dirty_;  // by slot
  std::map<std::uint64_t, Page> host_;
  std::vector<GpaRange> zones_;
  std::vector<GpaRange> reservations_;
  std::optional<unsigned> first_failure_;
  int error_ = 0;
  bool sticky_ = false;
};

}  // namespace lowmeg::fakes
