#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/rate_limit.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inspect {

/// The network of the pairs that `vethctl connect` creates.
constexpr const char* connect_network = "vethctl";

enum class State {
  live,        ///< it has a record, and its interface exists
  in_flight,   ///< an ADD, CHECK or DEL holds its lock
  incomplete,  ///< its ADD did not finish: the record is pending and the lock is free
  unreadable,  ///< its record cannot be read
  broken,      ///< it has a record, but its interface is missing
  unrecorded,  ///< an interface of this plugin without a record
};

std::string_view to_string(State state);

/// The start of the name that a bridge of Open vSwitch has beside Linux bridges, as in `vethctl connect`.
constexpr std::string_view ovs_prefix = "ovs:";

struct Attachment {
  cni::Attachment identity;  ///< if the record is unreadable, the container is "#" and the tag
  cni::Tag tag{};
  State state = State::live;
  std::string mode{};                    ///< "ptp", "bridge", "ovs", "netns"; "lease": addresses for another plugin
  std::string netns{};                   ///< path of the container's namespace; empty: unknown
  std::string host_interface{};          ///< empty in mode netns and for leases
  std::uint32_t host_index = 0;          ///< ifindex of the host interface; 0: it is missing
  std::string bridge{};                  ///< mode bridge: name of the bridge; mode ovs: "ovs:" and its name
  std::string ovs_bridge{};              ///< bridge of Open vSwitch: of the host end in mode ovs, of the container
                                         ///< end of a pair that joins two bridges
  std::string peer_netns{};              ///< mode netns: path of the second namespace
  std::string peer_interface{};          ///< mode netns: the interface there
  std::vector<cni::Prefix> addresses{};  ///< of the container end, without link-local ones
  std::vector<cni::Prefix> peer_addresses{};         ///< mode netns: of the other end, without link-local ones
  std::vector<std::string> ports{};                  ///< port mappings, "8080:80/tcp", "192.0.2.1:8080:80/tcp"
  std::vector<cni::IpAddress> masqueraded{};         ///< source addresses that are masqueraded
  std::optional<wiring::RateLimit> ingress_limit{};  ///< wanted, of the packets to the container
  std::optional<wiring::RateLimit> egress_limit{};   ///< wanted, of the packets from the container
  std::optional<std::chrono::seconds> age{};         ///< since its record was written; nullopt: unknown

  bool operator==(const Attachment&) const = default;
};

/// A Linux bridge of the host, or a bridge of Open vSwitch ("ovs:" and its name), with ports of this plugin. A bridge
/// of an attachment that is not in Node::bridges is missing.
struct Bridge {
  std::string name;
  cni::MacAddress mac{};
  bool is_up = false;
  std::vector<cni::Prefix> addresses{};

  bool operator==(const Bridge&) const = default;
};

/// Everything on this node that belongs to this plugin.
struct Node {
  std::string hostname;
  std::vector<Attachment> attachments{};   ///< sorted by network, container and interface
  std::vector<Bridge> bridges{};           ///< sorted by name
  std::vector<cni::IpAddress> gateways{};  ///< IPv6 gateways on the host's lo

  bool operator==(const Node&) const = default;
};

}  // namespace inspect
