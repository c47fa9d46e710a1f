#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <vector>

// Filters of tc(8) on a link, which drop packets that the host must not accept from a container. They exist as long as
// the link, and no flush of nftables removes them. A filter is one program of classic BPF in the netlink message
// ("bytecode" in tc-bpf(8)): it needs no bpf(2), and CHECK compares the whole program.
namespace kernel {

/// Drops packets from and for 127.0.0.0/8 that the interface receives: with route_localnet they would reach services of
/// the host. Adds the ingress qdisc that the filter needs. Tolerates EEXIST.
void guard_loopback(const Device& device, std::vector<NetlinkRequest>& requests);

/// Whether this filter exists.
bool observe_loopback_guard(NetlinkSocket& socket, const Device& device);

/// Filters that accept packets of a container only from its own addresses. The interfaces of a container share them, in
/// one block (ingress_block in tc(8)), since an answer may leave by another network than the request came by: each
/// attachment accepts its own addresses, and other IPv4, IPv6 and ARP packets are dropped.
class SourceFilters {
 public:
  std::uint32_t block = 0;   ///< number of the block of the container
  std::uint32_t handle = 0;  ///< of the attachment's filter

  explicit SourceFilters(const cni::Attachment& attachment);

  /// Applies the block to packets that the device receives: `tc qdisc add dev DEVICE ingress_block BLOCK ingress`.
  NetlinkRequest check_received(const Device& device) const;

  /// Applies the block to packets that the device sends: for an ifb, to which a container's packets are redirected.
  NetlinkRequest check_sent(const Device& device) const;

  /// Drops packets that no attachment of the container accepts. Tolerates EEXIST.
  NetlinkRequest drop_others() const;

  /// Accepts packets from the addresses of the attachment, except those for 127.0.0.0/8. Replaces the filter of the
  /// attachment.
  NetlinkRequest accept(const std::vector<cni::IpAddress>& sources) const;

  /// As accept(), and tolerates that the container has no block (EINVAL).
  NetlinkRequest accept_if_block_exists(const std::vector<cni::IpAddress>& sources) const;

  /// Deletes the filter of accept(). Tolerates ENOENT.
  NetlinkRequest remove() const;

  /// Whether the block is applied to packets of the device and has the filters for these sources.
  bool exist(NetlinkSocket& socket, const Device& device, const std::vector<cni::IpAddress>& sources) const;
};

/// Sets observed.checks_sources. `observed` must contain the host end and the ifb.
void observe_source_check(NetlinkSocket& socket, const wiring::Wiring& wanted, wiring::Observed& observed);

}  // namespace kernel
