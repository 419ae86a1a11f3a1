#include "lowmeg/get/in_process.hpp"

#include <algorithm>

namespace lowmeg::get {
namespace {

tl::unexpected<Error> closed() {
  return fail(Errc::kClosed, "the GET connection is closed");
}

}  // namespace

Result<void> InProcessTransport::send(std::span<const std::uint8_t> message, Deadline /*deadline*/) {
  if (connection_->closed) return lowmeg::get::closed();
  const auto answers = connection_->session.handle(message);
  if (!answers) {
    close();
    return tl::unexpected(answers.error());
  }
  connection_->to_client.insert(connection_->to_client.end(), answers->begin(), answers->end());
  return {};
}

Result<std::size_t> InProcessTransport::receive(std::span<std::uint8_t> buffer, Deadline /*deadline*/) {
  if (connection_->closed) return lowmeg::get::closed();
  std::deque<Message>& messages = connection_->to_client;
  if (messages.empty()) return fail(Errc::kTimeout, "the GET host has not answered");
  const Bytes bytes = messages.front().bytes();
  LOWMEG_INVARIANT(bytes.size() <= buffer.size(), "the buffer holds any message");
  std::copy(bytes.begin(), bytes.end(), buffer.begin());
  const std::size_t size = bytes.size();
  messages.pop_front();
  return size;
}

void InProcessTransport::close() {
  connection_->closed = true;
  connection_->to_client.clear();
}

}  // namespace lowmeg::get
