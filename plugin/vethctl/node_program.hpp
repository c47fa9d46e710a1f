#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/vethctl/command.hpp"
#include "plugin/vethctl/inspect/finding.hpp"

#include <optional>
#include <string>
#include <vector>

// The executable veth-node, which vethctl runs for what concerns other nodes: only it can use the store.
namespace vethctl {

constexpr auto default_node_config = "/etc/veth-cni/node.json";

/// The folders in which veth-node is searched: that of this executable, that of the plugins, and those of the
/// installations that are remembered in this folder.
std::vector<std::string> node_program_folders(const std::string& installations);

/// nullopt if no folder has it.
std::optional<std::string> find_node_program(const std::vector<std::string>& folders);

/// Adds what `veth-node check` finds, if the node has a configuration of veth-node.
void add_findings_between_nodes(const Console& console, std::vector<inspect::Finding>& findings);

/// What `veth-node validate` reports about a configuration; nullopt: it is valid. Throws std::system_error if the
/// program cannot be run.
std::optional<cni::Error> validate_node_config(const std::string& program, const std::string& file);

}  // namespace vethctl
