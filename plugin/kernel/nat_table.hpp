#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/nft_objects.hpp"
#include "plugin/wiring/wiring.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The chains, sets, maps and rules of the tables of this plugin. With sets and maps a packet costs a few lookups and an
// ADD a few elements, independent of the number of containers. plugin/kernel/README.md, "The ruleset", shows the whole
// ruleset.
namespace kernel {

/// A part of a table. Rules may also be in chains of other parts, which must exist.
struct TablePart {
  std::vector<NftSet> sets{};
  std::vector<NftChain> chains{};  ///< the part exists if the first chain exists
  std::vector<NftRule> rules{};
};

/// A part of a table that a wiring needs. It exists if `chain` exists. It is created as a whole when the first wiring
/// needs it, and never changed. For most ADDs it exists already, so its content is only described on request.
struct NeededPart {
  NftFamily family = NftFamily::inet;
  std::string chain;  ///< the first of its chains
  std::function<TablePart()> describe;
};

/// The parts that a wiring needs, in the order in which they must be created. The wiring must outlive them.
std::vector<NeededPart> parts_of(const wiring::Wiring& wiring);

/// Whether the part is the first of its table: if it is missing, the table is missing.
bool is_first_part(const NeededPart& part);

/// The chain whose comment is the node instance of the table: boot ID and cookie of the network namespace. A table that
/// was saved in another node instance and loaded again has elements of attachments that no longer exist.
std::string instance_chain(NftFamily family);

/// Maps of port mappings, by family and by whether the host address is part of the key.
std::string port_map(cni::Family family, bool has_host_address);

// Sets of containers with mapped ports. They select which clients of the mapped ports are masqueraded.
std::string hairpin_set(cni::Family family);    ///< the container itself: address . address
std::string neighbour_set(cni::Family family);  ///< clients on the same bridge: bridge . address of the container
std::string masq_all_set(cni::Family family);   ///< all clients (masqAll): address of the container

/// Every attachment with elements in the table: its tag in four fields of 16 bits. One query shows whether an
/// attachment has none.
inline constexpr const char* owners_set = "owners";

inline constexpr const char* checked_ports_set = "checked_ports";  ///< ports of bridges whose source MACs are checked
inline constexpr const char* port_macs_set = "port_macs";          ///< port . allowed source MAC

/// The name of the chain and of the set for the containers of a network that have the same masquerade exceptions. It
/// contains a hash of family and exceptions, so that another configuration gets another chain and set.
std::string masquerade_name(const cni::Attachment& attachment, const wiring::Masquerade& masquerade);

/// The prefix of these names, and the prefix for one network.
inline constexpr std::string_view masquerade_chain_prefix = "masquerade-";
std::string masquerade_prefix(const std::string& network);

/// An empty chain that marks a table complete: it contains the elements of all attachments. It is missing after the
/// table was created again until restore_rules() has finished.
inline constexpr const char* complete_chain = "complete";

/// The prefix of empty chains that record a bridge with route_localnet; their comment is the name of the bridge.
inline constexpr std::string_view loopback_chain_prefix = "loopback-";

/// The chain that jumps to the masquerade chains.
inline constexpr const char* networks_chain = "networks";

/// The comment of the rule that jumps to the masquerade chain of this name: a hash, since the name may be longer than
/// the 128 characters that nft accepts (NFTNL_UDATA_COMMENT_MAXLEN in libnftnl).
std::string entry_comment(const std::string& name);

}  // namespace kernel
