// A GET host without a VM: serves a plain memory map at a socket, for people who write paravisors.
#pragma once

#include <memory>
#include <string>

#include "lowmeg/get/unix_server.hpp"
#include "lowmeg/memory/plain_mapper.hpp"

namespace vmm {

/// Serves from create() until it is destroyed, on threads of its own.
class DryHost {
 public:
  /// RAM of `ram_size` bytes from 0, the VGA window on the bus. Observer and sink are borrowed, and called
  /// from the serving threads.
  static lowmeg::Result<std::unique_ptr<DryHost>> create(const std::string& path, std::uint64_t ram_size,
                                                         lowmeg::get::Batches batches,
                                                         lowmeg::get::HostObserver& observer,
                                                         lowmeg::EventSink& events);

  lowmeg::get::Counters counters() const { return host_->counters(); }

 private:
  explicit DryHost(lowmeg::memory::PlainMapper mapper) : mapper_(std::move(mapper)) {}

  lowmeg::memory::PlainMapper mapper_;
  std::unique_ptr<lowmeg::get::Host> host_;
  std::unique_ptr<lowmeg::get::UnixServer> server_;
};

}  // namespace vmm
