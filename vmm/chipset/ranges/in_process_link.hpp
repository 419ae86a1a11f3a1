// A paravisor in the host's own process: the same messages, carried by calls. What `lowmeg boot` has.
#pragma once

#include <functional>
#include <memory>

#include "lowmeg/get/in_process.hpp"
#include "lowmeg/get/paravisor_seat.hpp"
#include "vmm/chipset/ranges/paravisor.hpp"

namespace vmm {

/// One thread.
class InProcessLink final : public lowmeg::get::ParavisorLink {
 public:
  /// Puts something between paravisor and host, for who wants to see or to break it; empty: nothing.
  using Wrap =
      std::function<std::unique_ptr<lowmeg::get::Transport>(std::unique_ptr<lowmeg::get::Transport>)>;

  /// A new paravisor that has taken the state. Borrows host, parts and sink.
  static lowmeg::Result<std::shared_ptr<InProcessLink>> create(lowmeg::get::Host& host,
                                                               const lowmeg::get::SessionParts& parts,
                                                               const Paravisor::Options& options,
                                                               const Wrap& wrap, lowmeg::EventSink& events);

  lowmeg::Result<lowmeg::get::Done> exchange(lowmeg::get::Access& access) override;
  void cut() override { connection_->closed = true; }

  const Paravisor& paravisor() const { return *paravisor_; }

 private:
  explicit InProcessLink(std::shared_ptr<lowmeg::get::InProcessConnection> connection)
      : connection_(std::move(connection)) {}

  std::shared_ptr<lowmeg::get::InProcessConnection> connection_;
  std::unique_ptr<Paravisor> paravisor_;
};

}  // namespace vmm
