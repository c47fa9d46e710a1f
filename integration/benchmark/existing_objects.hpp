#pragma once

#include "integration/benchmark/node.hpp"
#include "integration/benchmark/rounds.hpp"

#include <string>

// Objects that exist on a node before the measurement.
namespace benchmark {

/// The amount, or a tenth of it in a quick run.
int scaled(int amount, double effort);

/// Adds addresses to the network's set of masqueraded containers, which its first ADD has created. Throws
/// std::runtime_error if nft fails.
void add_masqueraded_containers(const Node& node, const std::string& network, int amount);

/// Adds the elements of port mappings.
void add_port_mappings(const Node& node, int amount);

/// Adds leases to the network's state folder, from the next address on that would be allocated.
void add_leases(const Node& node, const std::string& network, int amount);

/// Takes this share of the addresses of the network, an IPv4 /16, without records; the free ones are spread evenly.
void take_addresses(const Node& node, const Subject& subject, int percent);

/// Makes attachments by ADD; ten of them share a container.
void add_attachments(Node& node, const Subject& subject, int amount);

/// Removes half of the containers and measures GC of all attachments.
Row measure_gc(Node& node, const Subject& subject, int amount);

}  // namespace benchmark
