#pragma once

#include "plugin/cni/address.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cni {

/// What an ADD makes and a DEL takes away: one interface of one container in one network.
struct Attachment {
  std::string network;    ///< `name` of the network configuration
  std::string container;  ///< CNI_CONTAINERID
  std::string interface;  ///< CNI_IFNAME

  auto operator<=>(const Attachment&) const = default;
};

/// Whether the specification lets a network or a container be called so: a letter or digit, then also '_', '.' and '-'.
bool is_identifier(std::string_view text);

/// A stable 64-bit hash of an attachment: its name in the kernel and in the state folder.
struct Tag {
  std::uint64_t value = 0;

  auto operator<=>(const Tag&) const = default;
};

Tag tag_of(const Attachment& attachment);

/// The same hash of a network's name alone.
Tag tag_of_network(std::string_view network);

/// 13 characters of base32 (RFC 4648 alphabet in lower case, the most significant bits first).
std::string to_string(Tag tag);
std::optional<Tag> find_tag(std::string_view text);

/// "veth" and the first 11 characters of the tag: 15 bytes, the longest name an interface can have.
std::string host_interface_name(Tag tag);

/// "ifb" and the same 11 characters: the device through which goes what the container sends, where that is limited.
std::string ifb_name(Tag tag);

/// How every alias of ours begins.
constexpr std::string_view alias_beginning = "veth-cni/";

/// "veth-cni/network/container/interface"; where that is longer than the 254 bytes that the kernel takes for an
/// interface's alias it is cut and ends in "#" and the tag.
std::string alias_of(const Attachment& attachment);

/// The tag of the attachment whose alias this is; nullopt for any other text.
std::optional<Tag> tag_of_alias(std::string_view alias);

/// The attachment whose alias this is, as far as the alias names it: a cut one ends in "#" and the tag. nullopt for any
/// other text.
std::optional<Attachment> attachment_of_alias(std::string_view alias);

/// How every alias of an attachment of this network begins: "veth-cni/network/".
std::string alias_prefix(std::string_view network);

/// Locally administered, made from the tag; the two ends of a veth pair and the ifb have different ones.
MacAddress container_mac(Tag tag);
MacAddress host_mac(Tag tag);
MacAddress ifb_mac(Tag tag);

/// The link-local address (fe80::/64) that belongs to a MAC by modified EUI-64 (RFC 4291, appendix A).
IpAddress link_local_address(const MacAddress& mac);

}  // namespace cni
