// The messages of lowmeg/state/proto, field by field, with the widths that the wire does not have.
//
// Widths: the types of the fields in OpenVMM's saved states; of fields 6-15 of cfg_space those of the PCI
// registers they are named after (PCI-to-PCI Bridge Architecture 1.1, section 3.2). The chip's message is our
// own. Private to this room.
#pragma once

#include <iterator>

#include "lowmeg/state/wire_check.hpp"

namespace lowmeg::state {

inline constexpr FieldRow kRangeRows[] = {
    varint_row(1, "start", 64),
    varint_row(2, "end", 64),
};

inline constexpr FieldRow kHandleRows[] = {
    varint_row(1, "remote_handle", 32),
    message_row(2, "range", kRangeRows),
    varint_row(3, "gpa_offset", 64),
    varint_row(4, "is_rom", 1),
};
inline constexpr FieldRow kOptHandleRows[] = {message_row(1, "", kHandleRows)};
inline constexpr FieldRow kHandleArrayRows[] = {message_row(1, "", kOptHandleRows, Count::kMany)};
inline constexpr FieldRow kAdjusterRows[] = {
    varint_row(1, "base_slot", 32),
    message_row(2, "handles", kHandleArrayRows),
};

inline constexpr FieldRow kAnyRows[] = {
    {.number = 1, .type = FieldType::kString, .name = "type_url"},
    {.number = 2, .type = FieldType::kBytes, .name = "value"},
};
inline constexpr FieldRow kNamedBlobRows[] = {
    {.number = 1, .type = FieldType::kString, .name = "name"},
    message_row(2, "state", kAnyRows),
};
inline constexpr FieldRow kCfgSpaceRows[] = {
    varint_row(1, "command", 16),
    {.number = 2, .type = FieldType::kPackedVarints, .name = "base_addresses", .bits = 32},
    varint_row(3, "interrupt_line", 8),
    varint_row(4, "latency_timer", 8),
    message_row(5, "capabilities", kNamedBlobRows, Count::kMany),
    varint_row(6, "subordinate_bus_number", 8),
    varint_row(7, "secondary_bus_number", 8),
    varint_row(8, "primary_bus_number", 8),
    varint_row(9, "memory_base", 16),
    varint_row(10, "memory_limit", 16),
    varint_row(11, "prefetch_base", 16),
    varint_row(12, "prefetch_limit", 16),
    varint_row(13, "prefetch_base_upper", 32),
    varint_row(14, "prefetch_limit_upper", 32),
    varint_row(15, "bridge_control", 16),
    message_row(16, "extended_capabilities", kNamedBlobRows, Count::kMany),
    varint_row(17, "captured_bus_number", 8),
    varint_row(18, "captured_devfn", 8),
};
static_assert(std::size(kCfgSpaceRows) <= kMaxRows, "the largest message");
inline constexpr FieldRow kBridgeRows[] = {
    varint_row(1, "host_pci_dram1", 32),  varint_row(2, "host_pci_dram2", 32),
    varint_row(3, "pam_reg1", 32),        varint_row(4, "pam_reg2", 32),
    varint_row(5, "bios_scratch1", 32),   varint_row(6, "bios_scratch2", 32),
    varint_row(7, "smm_config_word", 16), message_row(8, "cfg_space", kCfgSpaceRows),
};

inline constexpr FieldRow kChipRows[] = {
    {.number = 1, .type = FieldType::kBytes, .name = "host_bridge"},
    varint_row(2, "written_once", 4),
    {.number = 3, .type = FieldType::kBytes, .name = "agp_bridge"},
};

}  // namespace lowmeg::state
