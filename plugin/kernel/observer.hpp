#pragma once

#include "plugin/kernel/addresses.hpp"
#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/kernel/routing.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernel {

/// The interface of this name in the namespace of the socket, with its configuration; nullopt if it does not exist.
std::optional<wiring::ObservedEnd> observe_end(NetlinkSocket& socket, const std::string& name);

/// A network namespace in which an end of a pair is searched for.
struct EndNamespace {
  NetlinkSocket& socket;
  int file;                             ///< of the namespace
  std::string path;                     ///< for messages
  const RouteTables* routes = nullptr;  ///< its routes, read before; null: those of each interface are listed
};

struct PairNamespaces {
  EndNamespace container;
  EndNamespace host;
  std::uint32_t host_index = 0;  ///< recorded ifindex of the host end; 0: none
};

/// Sets both ends of `observed` and whether they are one pair. The host end is found by its name. If no interface has
/// this name, it is found by its ifindex (the recorded one, else the peer ifindex of the container end), if it is of
/// the kind of a pair and has the alias or the MAC of the wiring.
void observe_pair(const wiring::Wiring& wanted, const PairNamespaces& namespaces, wiring::Observed& observed);

/// The bridge of a wiring that has one, in the namespace of the socket; nullopt if no interface has its name.
std::optional<wiring::ObservedBridge> observe_bridge(NetlinkSocket& socket, const wiring::Wiring& wiring);

/// The addresses of the interface, of both families, without those for which duplicate address detection has found
/// another owner.
std::vector<InterfaceAddress> observe_usable_addresses(NetlinkSocket& socket, const Device& device);

/// The prefixes of these addresses.
std::vector<cni::Prefix> observe_addresses(NetlinkSocket& socket, const std::string& name, std::uint32_t index);

/// Whether the node forwards packets of the family; false if the kernel does not support the family.
bool observe_forwarding(NetlinkSocket& socket, cni::Family family);

}  // namespace kernel
