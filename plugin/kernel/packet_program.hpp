#pragma once

#include "plugin/cni/address.hpp"

#include <linux/filter.h>

#include <cstdint>
#include <vector>

// Programs of classic BPF (linux/filter.h) for filters of tc(8) in direct-action mode. A program sees a packet with its
// Ethernet header. A load beyond the end of the packet ends the program with TC_ACT_OK: IP and ARP drop a packet that
// is so short.
namespace kernel {

using PacketProgram = std::vector<sock_filter>;

/// Drops IPv4 packets from and for 127.0.0.0/8. Others continue to the next filter.
PacketProgram drop_loopback();

/// Accepts IPv4, IPv6 and ARP packets from these addresses, neighbour solicitations and ARP probes that have none, and
/// drops IPv4 packets for 127.0.0.0/8. Others continue to the next filter.
PacketProgram accept_sources(const std::vector<cni::IpAddress>& sources);

/// Drops IPv4, IPv6 and ARP packets. Others continue to the next filter.
PacketProgram drop_addressed();

}  // namespace kernel
