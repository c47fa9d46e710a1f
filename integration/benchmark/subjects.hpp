#pragma once

#include "integration/benchmark/subject.hpp"

#include <string>

// What is measured. `number`, 1 to 200, gives each its own network and addresses, so that they can stand beside each
// other on one node.
namespace benchmark {

/// The network of the floor itself.
constexpr int number_of_floor = -1;

Subject floor_ipv4();
Subject floor_dual_stack();
/// A program that does nothing at all.
Subject nothing();

Subject veth_ipv4(int number);
Subject veth_dual_stack(int number);
Subject veth_masquerade(int number);
/// Masquerade and one port mapping.
Subject veth_ports(int number);
/// Masquerade, one port mapping and bandwidth both ways: what the node of a cluster asks for.
Subject veth_kubernetes(int number);
Subject veth_bridge(int number);
Subject veth_netns(int number, const std::string& peer);

/// Debian's plugins, or those of the folder that PEER_BIN_DIR names.
Subject peer_ptp(int number);
Subject peer_masquerade(int number);
Subject peer_bridge(int number);
/// ptp + host-local, portmap, bandwidth.
Subject peer_chain(int number);

std::string peer_folder();
/// The program `veth` of this build.
std::string veth_program();
std::string floor_program();

}  // namespace benchmark
