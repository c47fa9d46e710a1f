#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/routing.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

// Whether the host's packets for the addresses of a container reach it, and whether a container has a gateway.
namespace kernel {

/// Requests the route to each address of the container. They follow the requests that add the container's routes.
void add_reachability_queries(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests);

/// The addresses whose packets do not reach the container, by the answers to add_reachability_queries(), of which the
/// first is at position `first_query` of the batch. `device_index` is that of the host end, or of the bridge.
std::vector<Conflict> find_unreachable(const wiring::Wiring& wiring, std::uint32_t device_index, const Answers& answers,
                                       std::size_t first_query = 0);

/// Adds the route that the host uses for the address of the conflict, with the name of its device.
void name_route(Conflict& conflict, const Routing& host, NetlinkSocket& socket);

/// Whether the conflict of an address remains when the plugin's own routes are complete. `conflict` has its route.
bool is_lasting(const Conflict& conflict, const wiring::Wiring& wiring);

/// Requests the routes to the gateways that the attachment needs on the host: is one of them a container's address?
void add_gateway_queries(const wiring::Wiring& wiring, std::vector<NetlinkRequest>& requests);

/// The gateway that a container has, by the answers to add_gateway_queries(), with the ifindex of the container's host
/// end.
struct HeldGateway {
  cni::IpAddress address;
  std::uint32_t device_index = 0;
};
std::optional<HeldGateway> find_held_gateway(const wiring::Wiring& wiring, const std::vector<std::string>& messages);

/// Whether the host's lo has all IPv6 gateways of the wiring, by the answers to add_gateway_queries().
bool has_all_gateways(const wiring::Wiring& wiring, const std::vector<std::string>& messages);

}  // namespace kernel
