#pragma once

#include "integration/benchmark/subject.hpp"

#include <string>

// The subjects. `number`, 1 to 200, determines network and addresses, so that several can exist on one node.
namespace benchmark {

/// The number whose addresses are those of the floor.
constexpr int number_of_floor = -1;

Subject floor_ipv4();
Subject floor_dual_stack();
/// A program that does nothing.
Subject empty_program();

Subject veth_ipv4(int number);
Subject veth_dual_stack(int number);
/// A netkit pair in place of a veth.
Subject veth_netkit(int number);
Subject veth_masquerade(int number);
/// With masquerade and one port mapping.
Subject veth_ports(int number);
/// With masquerade, one port mapping and bandwidth limits in both directions, as on a Kubernetes node.
Subject veth_kubernetes(int number);
Subject veth_bridge(int number);
Subject veth_netns(int number, const std::string& peer);

/// The reference plugins: those of Debian, or of the folder $PEER_BIN_DIR.
Subject reference_ptp(int number);
Subject reference_masquerade(int number);
Subject reference_bridge(int number);
/// ptp + host-local, portmap, bandwidth.
Subject reference_chain(int number);

/// The same configurations with this program under the names of the reference plugins.
Subject drop_in_chain(int number);

std::string reference_folder();
std::string veth_program();
std::string floor_program();

}  // namespace benchmark
