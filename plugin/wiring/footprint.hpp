#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wiring {

/// The properties by which one end of a pair is recognised. An unknown property is empty, or 0.
struct EndIdentity {
  std::vector<std::string> netns{};  ///< possible paths of its network namespace; empty: the host's own
  std::string name{};                ///< at its creation
  std::uint32_t index = 0;           ///< ifindex, recorded when the ADD went live
  cni::MacAddress mac{};             ///< at its creation

  bool operator==(const EndIdentity&) const = default;
};

/// What one ADD has changed at the addresses of a bridge, or of the bridge's interface in a VLAN.
struct BridgeChange {
  std::string interface {};            ///< empty: nothing was changed
  std::vector<cni::Prefix> added{};    ///< gateways
  std::vector<cni::Prefix> deleted{};  ///< addresses that forceAddress has replaced

  bool operator==(const BridgeChange&) const = default;
};

/// Where the port of an attachment is in Open vSwitch. Its UUID follows from the tag.
struct OvsLocation {
  std::string socket{};  ///< path of the socket of the database
  std::string bridge{};  ///< for messages

  bool operator==(const OvsLocation&) const = default;
};

/// Everything that may be left of one attachment on the node, according to a request, a record or the kernel. No part
/// of it has to exist.
struct Footprint {
  cni::Attachment attachment{};  ///< empty container: only the tag is known
  cni::Tag tag{};
  bool is_netns_pair = false;  ///< mode netns: neither end is on the host
  bool may_have_pair = true;   ///< false: no pair was created
  bool may_have_ifb = true;    ///< false: no ifb was created
  EndIdentity host{};
  EndIdentity container{};
  bool is_imported = false;          ///< another plugin created the host end: it has no alias of this plugin
  bool may_be_of_reference = false;  ///< the reference plugin of this name may have attached it: its container end has
                                     ///< only the name
  bool is_foreign_pair = false;      ///< of a member of a chain: another plugin created the pair, and deletes it
  std::vector<cni::IpAddress> addresses{};      ///< taken in the state folder
  std::optional<std::string> bridge_segment{};  ///< where the addresses are claimed; empty: nowhere; nullopt: unknown
  std::vector<cni::IpAddress> gateways{};       ///< IPv6 gateways that it needs on the host's lo
  bool are_gateways_assumed = false;            ///< `gateways` comes from the configuration, not from a record: they
                                                ///< are removed only if the attachment had a link
  BridgeChange bridge_change{};                 ///< of an ADD that has not succeeded, which is reverted
  std::optional<OvsLocation> ovs_port{};        ///< nullopt: no port of Open vSwitch was added
  bool may_have_rules = true;                   ///< false: it had no nftables elements
  bool is_last_of_network = false;              ///< remove() deletes masquerade chains of the network that are not used
  std::optional<Wiring> partial_wiring{};       ///< wiring without routes and neighbours, from the record. nullopt: the
                                                ///< rules are unknown, and all tables of the plugin are searched

  bool operator==(const Footprint&) const = default;
};

/// Sets names and MACs of both ends, and whether the attachment has an ifb.
void set_identity(const Wiring& wiring, Footprint& footprint);

}  // namespace wiring
