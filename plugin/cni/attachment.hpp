#pragma once

#include "plugin/cni/address.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cni {

/// One interface of one container in one network: ADD creates it, DEL removes it.
struct Attachment {
  std::string network;    ///< `name` of the network configuration
  std::string container;  ///< CNI_CONTAINERID
  std::string interface;  ///< CNI_IFNAME

  auto operator<=>(const Attachment&) const = default;
};

/// Whether the specification allows this name of a network or container: a letter or digit, followed by letters,
/// digits,
/// '_', '.' and '-'.
bool is_identifier(std::string_view text);

/// The rule of is_identifier() in words, for messages.
constexpr std::string_view identifier_rule =
    "allowed are letters, digits, '_', '.' and '-', beginning with a letter or digit";

/// A stable 64-bit hash of an attachment. It identifies the attachment in the kernel and in the state folder.
struct Tag {
  std::uint64_t value = 0;

  auto operator<=>(const Tag&) const = default;
};

Tag tag_of(const Attachment& attachment);

/// The hash of only the network's name.
Tag tag_of_network(std::string_view network);

/// 13 characters of base32 (RFC 4648 alphabet in lower case, most significant bits first).
std::string to_string(Tag tag);
std::optional<Tag> find_tag(std::string_view text);

/// "veth" and the first 11 characters of the tag: 15 bytes, the maximum length of an interface name.
std::string host_interface_name(Tag tag);

/// "ifb" and the same 11 characters: the device that limits the traffic sent by the container.
std::string ifb_name(Tag tag);

/// The start of every alias that this plugin sets.
constexpr std::string_view alias_start = "veth-cni/";

/// "veth-cni/network/container/interface". If that is longer than the 254 bytes that the kernel accepts for an alias,
/// it is truncated and ends in "#" and the tag.
std::string alias_of(const Attachment& attachment);

/// The tag of the attachment with this alias; nullopt for any other text.
std::optional<Tag> tag_of_alias(std::string_view alias);

/// The attachment with this alias. The names of a truncated alias are incomplete. nullopt for any other text.
std::optional<Attachment> attachment_of_alias(std::string_view alias);

/// The start of every alias in this network: "veth-cni/network/".
std::string alias_prefix(std::string_view network);

/// Locally administered addresses derived from the tag. The two ends of a veth pair and the ifb have different ones.
MacAddress container_mac(Tag tag);
MacAddress host_mac(Tag tag);
MacAddress ifb_mac(Tag tag);

/// The link-local address (fe80::/64) of a MAC address by modified EUI-64 (RFC 4291, appendix A).
IpAddress link_local_address(const MacAddress& mac);

}  // namespace cni
