// Who wants to know which RAM is written: live migration, a screen, a test.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace lowmeg::kvm {

/// See KvmMapper::log_writes().
class WriteLog {
 public:
  virtual ~WriteLog() = default;
  /// `size` bytes of RAM from `offset` on have been written, or may have been. Told after the write, by any
  /// thread, while the map is held: it waits for nobody and does not throw.
  virtual void written(std::uint64_t offset, std::uint64_t size) = 0;
};

/// A bit for each page of RAM. Thread-safe.
class DirtyPages final : public WriteLog {
 public:
  /// `ram_size` in bytes.
  explicit DirtyPages(std::uint64_t ram_size);
  /// What lies past the RAM is left out.
  void written(std::uint64_t offset, std::uint64_t size) override;
  /// The numbers of the pages that were written since the last call, sorted.
  std::vector<std::uint64_t> take();

 private:
  const std::uint64_t pages_;
  std::vector<std::atomic<std::uint64_t>> words_;
};

}  // namespace lowmeg::kvm
