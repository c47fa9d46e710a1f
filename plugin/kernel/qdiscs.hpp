#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/rate_limit.hpp"

#include <cstdint>
#include <optional>
#include <string>

// Messages about queueing disciplines and filters, in the terms of tc(8). They do not use the tc part of libnl: it
// opens /proc/net/psched and cannot send rates of more than 32 bits (plugin/kernel/README.md, "Netlink" and "Rate
// limits").
namespace kernel {

/// Limits the packets that the interface sends by a token bucket: `tc qdisc add dev DEVICE root tbf`.
NetlinkRequest add_tbf_qdisc(const Device& device, const wiring::RateLimit& limit);

/// The size of the queue in bytes: 50 ms of traffic, but at least two segments of the largest size. The burst is not
/// added, since runtimes configure the largest possible burst: a queue of that size would delay packets for minutes.
std::uint32_t queue_bytes(const wiring::RateLimit& limit);

/// Passes received packets to filters: `tc qdisc add dev DEVICE ingress`. An existing one is kept.
NetlinkRequest add_ingress_qdisc(const Device& device);

/// Redirects all received packets to another interface: `tc filter add dev DEVICE ingress u32 match u32 0 0 action
/// mirred egress redirect dev TARGET`. The device must have an ingress qdisc.
NetlinkRequest redirect_ingress(const Device& device, const Device& target);

/// Deletes the filter of redirect_ingress(). A filter that does not exist is not an error.
NetlinkRequest delete_redirection(const Device& device);

// A qdisc that does not exist is not an error.
NetlinkRequest delete_root_qdisc(const Device& device);
NetlinkRequest delete_ingress_qdisc(const Device& device);

/// The answer is one message, or none.
NetlinkRequest get_root_qdisc(const Device& device);

/// nullopt if the message is not about a token bucket.
std::optional<wiring::RateLimit> find_rate_limit(const std::string& message);

/// Lists the ingress filters of the interface.
NetlinkRequest list_ingress_filters(const Device& device);

/// The index of the device to which a filter redirects all packets; nullopt for other filters.
std::optional<std::uint32_t> find_redirection(const std::string& message);

}  // namespace kernel
