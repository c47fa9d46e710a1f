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

// What one attachment has in our sets and maps.
namespace kernel {

struct WantedElement {
  NftElement element;
  std::string words{};                           ///< "masquerading of 10.1.2.3", "port mapping 8080/tcp -> 10.1.2.3:80"
  std::optional<wiring::PortMapping> mapping{};  ///< what an element of a port map is for: it may be another's already
};

/// Of each table the owner element first: as long as an attachment has any element there, it has that one.
std::vector<WantedElement> elements_of(const wiring::Wiring& wiring);

/// The element of a port map that leads a port of one host address, or of all, to the container. Without a comment.
NftElement port_element(const wiring::PortMapping& mapping, bool has_host_address);

/// What says that an attachment has elements in the table of the family. Its comment is not asked for.
NftElement owner_element(NftFamily family, cni::Tag attachment);

/// Whose an element is, as its comment says: "network-tag attachment-tag".
struct Owner {
  cni::Tag network;
  cni::Tag attachment;

  auto operator<=>(const Owner&) const = default;
};

Owner owner_of(const cni::Attachment& attachment);
std::string to_comment(const Owner& owner);
std::optional<Owner> find_owner(const std::string& comment);

/// A flow that a port map has led somewhere, by what an element of the map says; nullopt for elements of anything else.
struct MappedFlow {
  cni::Family family = cni::Family::ipv4;
  std::uint8_t protocol = 0;  ///< IPPROTO_...
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  std::optional<cni::IpAddress> host_address{};
  cni::IpAddress container_address{};

  bool operator==(const MappedFlow&) const = default;
};

std::optional<MappedFlow> find_mapped_flow(const NftElement& element);

/// What the elements of one attachment were made for; `rules` are those of all chains.
wiring::ObservedRules rules_of(std::span<const NftElement> elements, std::span<const FoundRule> rules);

}  // namespace kernel
