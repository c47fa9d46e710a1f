#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nft_objects.hpp"
#include "plugin/wiring/observed.hpp"
#include "plugin/wiring/wiring.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// The elements of one attachment in the nftables sets and maps of this plugin.
namespace kernel {

struct WantedElement {
  NftElement element;
  std::string description{};  ///< for messages: "masquerading of 10.1.2.3", "port mapping 8080/tcp -> 10.1.2.3:80"
  std::optional<wiring::PortMapping> mapping{};  ///< of an element of a port map: another attachment may own the port
};

/// In each table the owner element is first: while an attachment has any element there, it has this one.
std::vector<WantedElement> elements_of(const wiring::Wiring& wiring);

/// The element of a port map that maps a port of one host address, or of all, to the container; without a comment.
NftElement port_element(const wiring::PortMapping& mapping, bool has_host_address);

/// The element which shows that an attachment has elements in the table of the family; without a comment.
NftElement owner_element(NftFamily family, cni::Tag attachment);

/// The owner of an element, as in its comment: "network-tag attachment-tag", for a member of a chain followed by
/// " chained".
struct Owner {
  cni::Tag network;
  cni::Tag attachment;
  bool is_chain_member = false;  ///< it has no interface of this plugin

  auto operator<=>(const Owner&) const = default;
};

Owner owner_of(const cni::Attachment& attachment);
std::string to_comment(const Owner& owner);
std::optional<Owner> find_owner(const std::string& comment);

/// The port mapping that an element of a port map implements.
struct MappedPort {
  cni::Family family = cni::Family::ipv4;
  std::uint8_t protocol = 0;  ///< IPPROTO_...
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  std::optional<cni::IpAddress> host_address{};
  cni::IpAddress container_address{};

  bool operator==(const MappedPort&) const = default;
};

/// nullopt if the element does not belong to a port map.
std::optional<MappedPort> find_mapped_port(const NftElement& element);

/// The configuration that the elements of one attachment implement; `rules` are those of all chains.
wiring::ObservedRules rules_of(std::span<const NftElement> elements, std::span<const FoundRule> rules);

}  // namespace kernel
