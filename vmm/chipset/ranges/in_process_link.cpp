#include "vmm/chipset/ranges/in_process_link.hpp"

namespace vmm {

using lowmeg::Result;
using lowmeg::get::Done;
using lowmeg::get::InProcessConnection;
using lowmeg::get::InProcessTransport;

Result<std::shared_ptr<InProcessLink>> InProcessLink::create(lowmeg::get::Host& host,
                                                             const lowmeg::get::SessionParts& parts,
                                                             const Paravisor::Options& options,
                                                             const Wrap& wrap, lowmeg::EventSink& events) {
  auto connection = std::make_shared<InProcessConnection>(host, parts);
  std::shared_ptr<InProcessLink> link(new InProcessLink(connection));
  std::unique_ptr<lowmeg::get::Transport> transport =
      std::make_unique<InProcessTransport>(std::move(connection));
  if (wrap) transport = wrap(std::move(transport));
  auto paravisor = Paravisor::create(std::move(transport), options, events);
  if (!paravisor) return tl::unexpected(paravisor.error());
  link->paravisor_ = std::move(*paravisor);
  return link;
}

Result<Done> InProcessLink::exchange(lowmeg::get::Access& access) {
  if (connection_->closed) return lowmeg::fail(lowmeg::Errc::kClosed, "the GET connection is closed");
  connection_->to_client.push_back(connection_->session.hand_over(access));
  access.redo = true;
  const auto served = paravisor_->serve(lowmeg::get::Deadline::min());
  // What it had reported before it fell counts.
  if (auto done = connection_->session.take_done()) return std::move(*done);
  connection_->closed = true;
  if (!served) return tl::unexpected(served.error());
  return lowmeg::fail(lowmeg::Errc::kTimeout, "the paravisor did not answer");
}

}  // namespace vmm
