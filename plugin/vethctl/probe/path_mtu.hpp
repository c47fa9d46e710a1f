#pragma once

#include "plugin/vethctl/probe/explain_loss.hpp"
#include "plugin/vethctl/probe/places.hpp"
#include "plugin/vethctl/probe/result.hpp"

#include <chrono>
#include <vector>

namespace probe {

/// Finds for each result the largest echo request that is answered without fragmentation, from the MTU of the sender's
/// interface downwards. Status lost: larger packets are lost and no ICMP error reports it (a black hole).
/// Result::round_trip is that of a small packet.
void measure_path_mtus(const Tools& tools, const Places& places, const std::vector<Result*>& results,
                       std::chrono::milliseconds timeout);

}  // namespace probe
