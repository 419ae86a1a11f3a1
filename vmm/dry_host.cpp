#include "vmm/dry_host.hpp"

#include "vmm/chipset/ranges/image_placement.hpp"

namespace vmm {

lowmeg::Result<std::unique_ptr<DryHost>> DryHost::create(const std::string& path, std::uint64_t ram_size,
                                                         lowmeg::get::Batches batches,
                                                         lowmeg::get::HostObserver& observer,
                                                         lowmeg::EventSink& events) {
  std::unique_ptr<DryHost> dry(new DryHost(lowmeg::memory::PlainMapper(kWindow)));
  auto host = lowmeg::get::Host::create(dry->mapper_, base_map(lowmeg::memory::Layout(kWindow), ram_size),
                                        {.ram_size = ram_size}, events);
  if (!host) return tl::unexpected(host.error());
  dry->host_ = std::move(*host);
  dry->host_->observe(&observer);
  auto server = lowmeg::get::UnixServer::listen(path, *dry->host_, events, {.parts = {.batches = batches}});
  if (!server) return tl::unexpected(server.error());
  dry->server_ = std::move(*server);
  return dry;
}

}  // namespace vmm
