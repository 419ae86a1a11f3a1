// A file for somebody else's program to read, gone when its owner is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "vmm/machine.hpp"

namespace cli {

/// In TMPDIR or /tmp, mode 0600.
class TemporaryFile {
 public:
  static lowmeg::Result<TemporaryFile> create(std::span<const std::uint8_t> bytes);
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace cli
