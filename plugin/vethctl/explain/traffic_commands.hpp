#pragma once

#include "plugin/vethctl/explain/shell.hpp"
#include "plugin/wiring/wiring.hpp"

// Commands of tc(8): rate limits, and filters of the packets that the host receives from a container.
namespace explain {

/// The ifb of an egress limit; empty without one.
Commands ifb_commands(const wiring::Wiring& wiring);

Commands rate_limit_commands(const wiring::Wiring& wiring);

Commands filter_commands(const wiring::Wiring& wiring);

/// The filter in the block that the container's interfaces share; the others are removed with their interface.
std::string filter_removal(const wiring::Wiring& wiring);

}  // namespace explain
