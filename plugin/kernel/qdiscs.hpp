#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/rate_limit.hpp"

#include <cstdint>
#include <optional>
#include <string>

// Messages about queueing disciplines and filters, in the words of `tc`. They are made by hand: libnl's own opens files
// for a clock that has not changed since Linux 2.6, and knows no rates beyond 32 bits (README.md, "Rate limits").
namespace kernel {

/// What the interface sends goes through a token bucket: `tc qdisc add dev DEVICE root tbf`.
NetlinkRequest limit_sending(const Device& device, const wiring::RateLimit& limit);

/// What the interface receives is shown to filters: `tc qdisc add dev DEVICE ingress`.
NetlinkRequest filter_receiving(const Device& device);

/// All that the interface receives goes to another one instead: `tc filter add dev DEVICE ingress u32 match u32 0 0
/// action mirred egress redirect dev TARGET`. It has to be shown to filters.
NetlinkRequest redirect_receiving(const Device& device, const Device& target);

/// Takes away what limits the sending of an interface, and what filters its receiving; what is not there is no error.
NetlinkRequest stop_limiting_sending(const Device& device);
NetlinkRequest stop_filtering_receiving(const Device& device);

/// The answer is one message, or none.
NetlinkRequest get_root_qdisc(const Device& device);

/// nullopt where the message is about another qdisc than a token bucket.
std::optional<wiring::RateLimit> find_rate_limit(const std::string& message);

/// All filters of what the interface receives.
NetlinkRequest list_receiving_filters(const Device& device);

/// Index of the device to which a filter redirects everything; nullopt for any other filter.
std::optional<std::uint32_t> find_redirection(const std::string& message);

}  // namespace kernel
