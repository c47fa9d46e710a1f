#pragma once

#include "plugin/kernel/nft_session.hpp"

#include <cstdint>
#include <string>
#include <vector>

// The rules that the reference plugins have added for one container. iptables stores them in the nftables tables "nat"
// of the families ip and ip6 (iptables-nft), so they are found and deleted by netlink, without iptables and nft. Rules
// of iptables-legacy are removed by legacy_iptables.hpp.
namespace kernel {

enum class ReferenceFamily : std::uint8_t { inet = 1, ip = 2, bridge = 7, ip6 = 10 };

/// Rules with this comment in a table.
struct CommentedRules {
  ReferenceFamily family = ReferenceFamily::ip;
  std::string table;
  std::string comment;
  bool is_prefix = false;  ///< the comment begins with it
};

/// Rules of one container, by the names that the reference plugins derive.
struct ReferenceRules {
  std::vector<std::string>
      chains{};  ///< of the container in the tables "nat", "CNI-DN-...", to which other chains jump
  std::vector<CommentedRules> commented{};
};

/// Whether any of the rules exists. The cost depends on the rules in the tables of `commented` only if these exist.
bool exist(const ReferenceRules& wanted, NftSession& session);

/// Removes them; false if there were none. Throws std::system_error.
bool remove(const ReferenceRules& wanted, NftSession& session);

}  // namespace kernel
