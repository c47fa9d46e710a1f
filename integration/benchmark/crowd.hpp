#pragma once

#include "integration/benchmark/node.hpp"
#include "integration/benchmark/rounds.hpp"

#include <string>

// What stands on a node that has been at work for long.
namespace benchmark {

/// Containers in the network's set of masqueraded ones, which its first ADD has made. Throws std::runtime_error where
/// `nft` refuses.
void masquerade_crowd(const Node& node, const std::string& network, int amount);

/// Mapped ports, each with all elements that a mapping has.
void map_ports_of_crowd(const Node& node, int amount);

/// Addresses that are taken in the network's state folder, beginning with the next one that would be given out.
void take_addresses(const Node& node, const std::string& network, int amount);

/// Attachments, made by ADD; ten share a container.
void attach_crowd(Node& node, const Subject& subject, int amount);

/// Half of the containers vanish; how long GC takes for what stands and for what is left of the others.
Row collect_crowd(Node& node, const Subject& subject, int amount);

}  // namespace benchmark
