// Of the functions in a dump the host bridge, if Lowmeg knows its PAM; and what its registers make of the
// first mebibyte.
//
// A dump says what the bridge's registers hold, not what is on the buses, nor how much DRAM there is: so this
// tells DRAM, PCI and AGP apart, and no more. SMM is shown beside what a CPU sees outside of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/decode/config_space.hpp"
#include "lowmeg/core/decode_sink.hpp"
#include "lowmeg/core/gpa_state.hpp"
#include "lowmeg/decode/smram.hpp"

namespace cli {

struct BridgeDump {
  ConfigSpace host_bridge;
  std::optional<ConfigSpace> agp_bridge;  ///< 8086:7191 of the same bus
  std::string chip;                       ///< "82443BX"
};

/// The host bridge of a dump; `slot` picks one where there are several. kInvalidArgument with one line: none
/// there, several, one that is known by name but whose PAM is another's, or PAM not among the known bytes.
lowmeg::Result<BridgeDump> find_bridge(std::span<const ConfigSpace> spaces,
                                       const std::optional<PciAddress>& slot);
/// PAM0-PAM6 alone, in a bridge of which nothing else is known.
BridgeDump bridge_with_pam(std::span<const std::uint8_t, 7> pam);

/// The register, or part of one, at an offset of this chip's table ("PAM1"); empty where it has none.
std::string_view register_name(const BridgeDump& dump, std::size_t offset);

/// Whither an access goes, as far as a dump tells.
enum class Way { kDram, kPci, kAgp };
std::string_view name_of(Way way);

struct DumpRow {
  lowmeg::GpaRange range;
  std::optional<lowmeg::GpaState> state;  ///< of a PAM segment
  Way read = Way::kPci, write = Way::kPci;
  std::string field;                       ///< "PAM1 1:0", "FDHC", "SMRAM"
  std::optional<Way> smm_fetch, smm_data;  ///< where SMM makes a difference

  friend bool operator==(const DumpRow&, const DumpRow&) = default;
};

/// Something that a person should look at; `code` is for programs ("bios-writable").
struct Warning {
  std::string code, text;

  friend bool operator==(const Warning&, const Warning&) = default;
};

struct DumpReport {
  lowmeg::DecodeRegisters registers;
  bool only_pam = false;  ///< nothing else is known, and nothing else should be shown
  std::vector<DumpRow> rows;
  std::optional<lowmeg::Gpa> top_of_memory;  ///< as far as DRB7 is known
  lowmeg::GpaRange hole;                     ///< empty: none
  lowmeg::decode::SmramSpaces smram;
  std::vector<Warning> warnings;
};

/// Pure.
DumpReport report_on(const BridgeDump& dump);

/// "C0000-C7FFF", the last byte's address included.
std::string text_of(const lowmeg::GpaRange& range);

}  // namespace cli
