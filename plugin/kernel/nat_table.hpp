#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nft_objects.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// What our tables consist of besides elements. Sets and maps, so that a packet costs a few lookups and an ADD a few
// elements, however many containers there are. README.md, "The ruleset", shows the whole as nft prints it.
namespace kernel {

/// What a part of a table consists of. Rules may also go into chains of other parts, which have to stand.
struct NftPart {
  std::vector<NftSet> sets{};
  std::vector<NftChain> chains{};  ///< the first one stands where the part does
  std::vector<NftRule> rules{};
};

/// A part by its name: made as a whole, when the first wiring needs it, and never changed. Most ADDs find it made, and
/// need no more of it than the name.
struct NeededPart {
  NftFamily family = NftFamily::inet;
  std::string chain;  ///< the first of its chains
  std::function<NftPart()> describe;
};

/// The parts that a wiring needs, in the order in which they have to be made. The wiring has to outlive them.
std::vector<NeededPart> parts_of(const wiring::Wiring& wiring);

/// Whether the part is the first of its table: where it is missing, all that was in the table is gone. The comment of
/// its first chain is the life of the table: boot id and cookie of the network namespace. A table that was saved and
/// loaded again in another life has elements of attachments that are gone.
bool begins_table(const NeededPart& part);

/// The first chain of the family's table.
std::string first_chain(NftFamily family);

/// Maps of mapped ports, by family and by whether the host's address is part of the key.
std::string port_map(cni::Family family, bool has_host_address);

// Sets of mapped containers: who is masqueraded when it reaches a container by a port of the host.
std::string self_set(cni::Family family);       ///< the container itself: address . address
std::string neighbour_set(cni::Family family);  ///< what comes from the same bridge: bridge . address of the container
std::string everyone_set(cni::Family family);   ///< everyone: address of the container

/// Every attachment that has anything in the table: its tag in four pieces of 16 bits. One question tells that one has
/// nothing.
inline constexpr const char* owners_set = "owners";

inline constexpr const char* checked_ports_set = "checked_ports";  ///< ports of bridges whose source MACs are checked
inline constexpr const char* port_macs_set = "port_macs";          ///< port . MAC that it may have

/// The chain, and the set of containers, of those of a network that are masqueraded alike: named by the hash of what
/// they are, so that another configuration has others.
std::string masquerade_name(const cni::Attachment& attachment, const wiring::Masquerade& masquerade);

/// How the names of these begin, and how in a network.
inline constexpr std::string_view masquerade_beginning = "masquerade-";
std::string masquerade_prefix(const std::string& network);

/// An empty chain that stands in a table once everything that containers had in a lost one is back.
inline constexpr const char* complete_chain = "complete";

/// How empty chains begin that stand for a bridge with route_localnet: their comment is its name.
inline constexpr std::string_view loopback_beginning = "loopback-";

/// The chain from which packets go to those.
inline constexpr const char* networks_chain = "networks";

/// The comment of the rule there that leads to one: its name may be longer than the 128 characters that nft takes.
std::string entry_comment(const std::string& name);

}  // namespace kernel
