#pragma once

#include "plugin/vethctl/explain/shell.hpp"
#include "plugin/wiring/wiring.hpp"

#include <string>

// Commands of nft(8).
namespace explain {

/// The parts of the tables that the wiring needs, created if they do not exist, and its elements.
Commands rule_commands(const wiring::Wiring& wiring, const std::string& node_instance);

/// The deletion of its elements, the owner last. The parts stay: other attachments may need them.
Commands rule_removal_commands(const wiring::Wiring& wiring);

}  // namespace explain
