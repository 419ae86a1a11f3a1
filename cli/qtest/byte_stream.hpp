// Bytes to another process and from it, by a stream socket or a pair of descriptors, for who waits for
// several things at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lowmeg/core/result.hpp"

namespace cli {

class ByteStream {
 public:
  /// Connects to who listens at the path.
  static lowmeg::Result<ByteStream> connect(const std::string& path);
  /// stdin and stdout, which stay open.
  static ByteStream standard();
  ByteStream(ByteStream&& other) noexcept;
  ByteStream& operator=(ByteStream&&) = delete;
  ~ByteStream();

  /// Readable when receive() has something to tell; -1: closed.
  int fd() const { return in_; }
  /// What has come; waits for it. None: the other end is gone, or something is wrong with it.
  std::optional<std::string> receive() const;
  /// All of it. False: the other end is gone, or `stop` became readable first.
  bool send(std::string_view bytes, int stop) const;

 private:
  ByteStream(int in, int out) : in_(in), out_(out) {}

  int in_, out_;
};

}  // namespace cli
