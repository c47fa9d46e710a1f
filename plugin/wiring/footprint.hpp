#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wiring {

/// The marks by which one end of a pair is recognised. A mark that is not known is empty, or 0.
struct EndMarks {
  std::vector<std::string> netns{};  ///< paths at which its network namespace may be; none: the host's own
  std::string name{};                ///< the name that it was created with
  std::uint32_t index = 0;           ///< ifindex, recorded when the ADD went live
  cni::MacAddress mac{};             ///< the MAC that it was created with

  bool operator==(const EndMarks&) const = default;
};

/// Everything that one attachment may have left on the node. Built from a request, from a record, or from what the
/// kernel shows; nothing of it has to exist.
struct Footprint {
  cni::Attachment attachment{};  ///< its container is empty where only the tag is known
  cni::Tag tag{};
  bool is_netns_pair = false;  ///< mode netns: neither end is on the host
  bool may_have_pair = true;   ///< false: none was ever created
  bool may_have_ifb = true;    ///< false: none was ever created
  EndMarks host{};
  EndMarks container{};
  bool is_imported = false;                 ///< the host end was created by another plugin: it has no alias of ours
  std::vector<cni::IpAddress> addresses{};  ///< held in the state folder
  std::vector<cni::IpAddress> gateways{};   ///< IPv6 gateways that it needs on the host's lo
  bool are_gateways_assumed = false;        ///< they are the configuration's: it had them only if it had a link
  bool may_have_rules = true;               ///< false: it never had anything in nftables
  std::optional<Wiring> outline{};          ///< its wiring without routes and neighbours, by its record. nullopt where
                                            ///< rules may exist and nothing lists them: all of our tables are searched

  bool operator==(const Footprint&) const = default;
};

}  // namespace wiring
