#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/veth_node/board.hpp"

#include <chrono>
#include <string>

namespace veth_node {

/// The text format of Prometheus, version 0.0.4.
std::string metrics(const cluster::Directory& directory, const Status& status, const std::string& node,
                    std::chrono::steady_clock::time_point now);

/// Why the agent does not work; empty: it does. An agent without its store works: everything stays as it is.
std::string find_fault(const Status& status);

}  // namespace veth_node
