// The GET host and its clients' sessions, as objects of the C interface.
#pragma once

#include <deque>

#include "lowmeg/c/channel.hpp"
#include "lowmeg/c/event_callback.hpp"
#include "lowmeg/get/host_session.hpp"
#include "lowmeg/memory/plain_mapper.hpp"

namespace lowmeg::c {

/// Hands each range that is to show, or to show no more, to the caller.
class RangeCallback final : public get::RangeCarrier {
 public:
  RangeCallback(lowmeg_range_fn call, void* context) : call_(call), context_(context) {}
  Result<void> carry_out(const get::RangeSlots& shown, const get::RangeSlots& wanted) override;

 private:
  lowmeg_range_fn call_;
  void* context_;
};

/// Hands what the library does not know to the caller.
class OtherCallback final : public get::OtherMessages {
 public:
  OtherCallback(lowmeg_other_fn call, void* context) : call_(call), context_(context) {}
  std::optional<Answers> handle(get::Bytes message) override;

 private:
  lowmeg_other_fn call_;
  void* context_;
};

class Host final : public Object {
 public:
  using Handle = lowmeg_host;
  static constexpr Kind kKind = Kind::kHost;

  Host(const lowmeg_host_config& config, const GpaRange& window);

  get::Host& host() { return *host_; }
  get::SessionParts parts() { return {.batches = batches_, .keeper = nullptr, .others = &other_}; }

 private:
  EventCallback events_;
  RangeCallback range_;
  OtherCallback other_;
  get::Batches batches_;
  memory::PlainMapper mapper_;
  std::unique_ptr<get::Host> host_;
};

class Session final : public Object {
 public:
  using Handle = lowmeg_session;
  static constexpr Kind kKind = Kind::kSession;

  explicit Session(Host& host);

  Host& owner() { return owner_; }
  bool is_over() const { return is_over_; }
  Result<void> take(get::Bytes message);
  std::optional<get::Message> next();
  /// The message that next() of C has not been able to hand over yet.
  std::optional<get::Message>& pending() { return pending_; }
  /// Until the client goes (kClosed).
  Result<void> serve(Channel& channel, std::uint32_t timeout_ms);

 private:
  Host& owner_;
  Use use_;
  get::HostSession session_;
  std::deque<get::Message> to_send_;
  std::optional<get::Message> pending_;
  bool is_over_ = false;
};

}  // namespace lowmeg::c
