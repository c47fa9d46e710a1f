#pragma once

#include "plugin/vethctl/explain/end_commands.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>

// Commands of ovs-vsctl(8) for the port of a wiring that has one.
namespace explain {

/// Adds the port. `sender` is the end opposite to it, whose checksum offload a datapath in user space does not support.
Commands ovs_commands(const wiring::Wiring& wiring, const Device& sender);

/// Removes the port and adds it again.
Commands ovs_repair_commands(const wiring::Wiring& wiring, const Device& sender);

std::string disable_checksum_offload(const Device& sender);

std::string ovs_removal(const wiring::Wiring& wiring);

}  // namespace explain
