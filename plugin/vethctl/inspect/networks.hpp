#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace inspect {

/// Whether a state folder or an interface belongs to the network.
bool is_network(const std::string& name, kernel::Inspector& inspector, const std::vector<state::Folder>& folders);

/// Throws cni::Error with the known networks if neither a state folder nor an interface belongs to the network. nullopt
/// means all networks and is always accepted.
void require_network(const std::optional<std::string>& network, kernel::Inspector& inspector,
                     const std::vector<state::Folder>& folders);

}  // namespace inspect
