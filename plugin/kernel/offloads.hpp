#pragma once

#include <string>

namespace kernel {

/// Makes the kernel complete the checksums of the packets that the interface sends (ethtool -K NAME tx off). Frames
/// larger than the MTU are segmented then, too. The interface is in the namespace of the calling thread. Throws
/// std::system_error.
void disable_checksum_offload(const std::string& interface);

/// Whether the kernel completes them.
bool completes_checksums(const std::string& interface);

/// Whether the interface segments packets in UDP tunnels (tx-udp_tnl-segmentation is on). False if it does not report
/// its features.
bool segments_udp_tunnels(const std::string& interface);

}  // namespace kernel
