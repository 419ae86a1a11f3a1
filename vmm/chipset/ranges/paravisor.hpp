// The paravisor's part of the machine: host bridge, adjuster and GET client, above a VM that somebody else
// owns and that keeps its state.
//
// It may be stopped or killed at any moment: what it had reported is at the host, and an access that it had
// in hand is handed to its successor.
#pragma once

#include <memory>
#include <optional>

#include "lowmeg/get/client.hpp"
#include "lowmeg/hyperv/shared_adjuster.hpp"
#include "lowmeg/state/bytes.hpp"
#include "vmm/chipset/bridge_config.hpp"

namespace vmm {

/// One thread; it has none of its own.
class Paravisor {
 public:
  struct Options {
    lowmeg::get::ClientOptions get = {};
    /// What the host's machine must have (personality.hpp); none: whatever it has.
    std::optional<std::uint32_t> personality = {};
    /// Bytes of RAM of a host that tells nothing by STATE but may have a state for RESTORE_GUEST_VTL2_STATE;
    /// 0: only a host that does.
    std::uint64_t ram_size = 0;
  };
  enum class Served {
    kNothing,  ///< no order came in time
    kOrder,
    kSaved,  ///< the host has the state and wants the seat for a successor: end
  };

  /// Connects, takes the state that the host keeps and restores it: without a request to the host, if this
  /// build wants the ranges that are there. A state that does not fit is refused with one line, and nothing
  /// is changed. The sink is borrowed.
  static lowmeg::Result<std::unique_ptr<Paravisor>> create(std::unique_ptr<lowmeg::get::Transport> transport,
                                                           const Options& options, lowmeg::EventSink& events);
  ~Paravisor();

  /// Carries out the next order that comes by the deadline. An error means that the connection is over.
  lowmeg::Result<Served> serve(lowmeg::get::Deadline deadline);

  /// The connection ends; every later call fails.
  void disconnect() { client_->close(); }

  lowmeg::get::Counters counters() const { return client_->counters(); }
  lowmeg::hyperv::AdjusterState adjuster_state() const;

 private:
  struct Devices;

  Paravisor(std::unique_ptr<lowmeg::get::Client> client, const Options& options, lowmeg::EventSink& events);
  lowmeg::Result<void> take_seat();
  lowmeg::Result<lowmeg::get::State> kept_state();
  lowmeg::Result<lowmeg::get::State> fetched_state();
  lowmeg::Result<void> build(const lowmeg::get::State& state);
  lowmeg::Result<void> restore(const lowmeg::get::State& state);
  lowmeg::Result<Served> carry_out(const lowmeg::get::Access& access);
  lowmeg::Result<std::uint32_t> perform(const lowmeg::get::Access& access);
  lowmeg::Result<std::uint32_t> write(const lowmeg::get::Access& access);
  lowmeg::Result<Served> save();
  lowmeg::state::Buffer state_bytes() const;

  const Options options_;
  lowmeg::EventSink& events_;
  std::unique_ptr<lowmeg::get::Client> client_;
  std::unique_ptr<Devices> devices_;
  lowmeg::state::Buffer told_;  // the state that the host has
  bool fetched_ = false;        // by GET's own means: it wants to know how the restore went
};

}  // namespace vmm
