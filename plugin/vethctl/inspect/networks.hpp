#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace inspect {

/// Throws cni::Error, which names those that there are, where nothing on this node is or was of the network: neither in
/// a folder, nor an interface. nullopt is every network.
void require_network(const std::optional<std::string>& network, kernel::Inspector& inspector,
                     const std::vector<state::Folder>& folders);

}  // namespace inspect
