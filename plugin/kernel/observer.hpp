#pragma once

#include "plugin/kernel/netlink_socket.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kernel {

/// The interface of this name in the socket's namespace with all that stands on it; nullopt where there is none.
std::optional<wiring::ObservedEnd> observe_end(NetlinkSocket& socket, const std::string& name);

/// A network namespace in which an end of a pair is looked for.
struct EndNamespace {
  NetlinkSocket& socket;
  int file;          ///< of the namespace
  std::string path;  ///< for messages
};

struct PairNamespaces {
  EndNamespace container;
  EndNamespace host;
  std::uint32_t host_index = 0;  ///< recorded ifindex of the host's end; 0: none
};

/// Fills in both ends of the wiring and whether they are one pair. The host's end is found by its name; where no
/// interface has it, by its ifindex (the recorded one, else the one that the container's end names as its other end),
/// kind veth, and the alias or the MAC of the wiring.
void observe_pair(const wiring::Wiring& wanted, const PairNamespaces& namespaces, wiring::Observed& observed);

/// The bridge of a wiring that has one, in the socket's namespace; nullopt where there is no device of its name.
std::optional<wiring::ObservedBridge> observe_bridge(NetlinkSocket& socket, const wiring::Wiring& wiring);

/// Its addresses of both families.
std::vector<cni::Prefix> observe_addresses(NetlinkSocket& socket, const std::string& name, std::uint32_t index);

/// Whether the node forwards packets of the family; false where there is no such family.
bool observe_forwarding(NetlinkSocket& socket, cni::Family family);

}  // namespace kernel
