// A machine as it stands: a band of the first mebibyte, and what `lowmeg inspect` tells.
#pragma once

#include <string>
#include <vector>

#include "vmm/machine.hpp"

namespace cli {

/// 64 characters of 16 KiB each: '#' RAM, 'r' read-only, 'w' write-only, '.' ROM or a device; of a piece that
/// is not all alike, that of its first page.
std::string band_of(const std::vector<vmm::MegabyteRow>& rows);
/// The line above it.
std::string band_scale();

/// One JSON object, indented: the machine, its CPUs, PAM, map, counters, and what its PCI functions hold.
std::string machine_json(vmm::Machine& machine, const std::string& title);

/// Such an object as text of at most 100 columns; none for what is no such object.
std::optional<std::string> machine_text(const std::string& json);
/// The functions of such an object as `lspci -F` reads them.
std::optional<std::string> machine_lspci(const std::string& json);

/// The PCI functions of a machine in that form.
std::string lspci_text(const std::vector<vmm::PciConfig>& functions);

}  // namespace cli
