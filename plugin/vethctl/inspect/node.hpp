#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inspect {

/// The network of the pairs that `vethctl connect` creates.
constexpr const char* cable_network = "vethctl";

/// How an attachment stands.
enum class State {
  live,        ///< on record, and its interface is there
  in_flight,   ///< an ADD, CHECK or DEL holds its lock
  remains,     ///< what an ADD that never ended has left
  unreadable,  ///< on record, but the record cannot be read
  broken,      ///< on record as live, but its interface is gone
  unrecorded,  ///< an interface of ours that no record names
};

std::string_view to_string(State state);

/// One attachment of one network.
struct Attachment {
  cni::Attachment identity;  ///< of an unreadable record the container is "#" and the tag
  cni::Tag tag{};
  State state = State::live;
  std::string mode{};                         ///< "ptp", "bridge", "netns"; "lease": addresses for another plugin
  std::string netns{};                        ///< path of the container's namespace; empty: not known
  std::string host_interface{};               ///< empty in mode netns and for leases
  std::uint32_t host_index = 0;               ///< of the host interface as the kernel has it; 0: it is not there
  std::string bridge{};                       ///< mode bridge: the bridge's name
  std::string peer_netns{};                   ///< mode netns: path of the second namespace
  std::string peer_interface{};               ///< mode netns: the interface there
  std::vector<cni::Prefix> addresses{};       ///< of the container's end, link-local ones aside
  std::vector<cni::Prefix> peer_addresses{};  ///< mode netns: of the other end, link-local ones aside
  std::vector<std::string> ports{};           ///< port mappings, "8080:80/tcp", "192.0.2.1:8080:80/tcp"
  std::vector<cni::IpAddress> masqueraded{};  ///< addresses whose packets leave under the node's own
  std::optional<std::chrono::seconds> age{};  ///< since its record was written; nullopt: not known

  bool operator==(const Attachment&) const = default;
};

/// A Linux bridge of the host that has ports of ours. One that an attachment names and that is not in Node::bridges is
/// not there.
struct Bridge {
  std::string name;
  cni::MacAddress mac{};
  bool is_up = false;
  std::vector<cni::Prefix> addresses{};

  bool operator==(const Bridge&) const = default;
};

/// What there is on this node that is ours.
struct Node {
  std::string hostname;
  std::vector<Attachment> attachments{};   ///< sorted by network, container and interface
  std::vector<Bridge> bridges{};           ///< sorted by name
  std::vector<cni::IpAddress> gateways{};  ///< IPv6 gateways on the host's lo

  bool operator==(const Node&) const = default;
};

}  // namespace inspect
