// A paravisor in a process of its own: what `lowmeg paravisor` runs.
#pragma once

#include <memory>
#include <string>

#include "vmm/chipset/ranges/paravisor.hpp"
#include "vmm/chipset/ranges/personality.hpp"

namespace vmm {

/// One thread.
class ParavisorProcess {
 public:
  /// Why run() came back.
  enum class End {
    kStopped,   ///< somebody here wanted it
    kSaved,     ///< the host has the state and wants the seat for a successor
    kHostGone,  ///< the host has ended the connection: it ends, or another one has taken over
  };

  /// Connects to the host at `path` and takes the seat. The sink is borrowed.
  static lowmeg::Result<std::unique_ptr<ParavisorProcess>> connect(const std::string& path,
                                                                   const Paravisor::Options& options,
                                                                   lowmeg::EventSink& events);

  /// Serves until the descriptor `stop` becomes readable, between two orders. An error: the host has broken
  /// the protocol, or the system has failed.
  lowmeg::Result<End> run(int stop);

  const Paravisor& paravisor() const { return *paravisor_; }

 private:
  ParavisorProcess(int socket, std::unique_ptr<Paravisor> paravisor)
      : socket_(socket), paravisor_(std::move(paravisor)) {}

  int socket_;  // the paravisor's transport owns it
  std::unique_ptr<Paravisor> paravisor_;
};

}  // namespace vmm
