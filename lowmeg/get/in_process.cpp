#include "lowmeg/get/in_process.hpp"

#include <algorithm>

namespace lowmeg::get {
namespace {

tl::unexpected<Error> closed() {
  return fail(Errc::kClosed, "the GET connection is closed");
}

}  // namespace

Result<void> InProcessTransport::send(std::span<const std::uint8_t> message, Deadline /*deadline*/) {
  if (closed_) return lowmeg::get::closed();
  const auto answers = session_.handle(message);
  if (!answers) {
    close();
    return tl::unexpected(answers.error());
  }
  answers_.insert(answers_.end(), answers->begin(), answers->end());
  return {};
}

Result<std::size_t> InProcessTransport::receive(std::span<std::uint8_t> buffer, Deadline /*deadline*/) {
  if (closed_) return lowmeg::get::closed();
  if (answers_.empty()) return fail(Errc::kTimeout, "the GET host has not answered");
  const Bytes bytes = answers_.front().bytes();
  LOWMEG_INVARIANT(bytes.size() <= buffer.size(), "the buffer holds any message");
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  const std::size_t size = bytes.size();
  answers_.pop_front();
  return size;
}

void InProcessTransport::close() {
  closed_ = true;
  answers_.clear();
}

}  // namespace lowmeg::get
