#include "plugin/chained/reference_names.hpp"

#include "plugin/text/sha512.hpp"

#include <cstddef>
#include <string_view>

namespace chained {
namespace {

/// The prefix and as many digits of the hash as the name has room for.
std::string hashed_name(std::string_view prefix, const cni::Attachment& attachment, std::size_t length) {
  const auto hash = text::sha512_hex(attachment.network + attachment.container);
  return std::string{prefix} + hash.substr(0, length - prefix.size());
}

}  // namespace

std::string ifb_name_of_reference(const cni::Attachment& attachment) {
  constexpr std::size_t longest_interface_name = 15;
  return hashed_name("bwp", attachment, longest_interface_name);
}

/// Releases before 0.7 had a chain "CNI-SN-..." too. Rules of the backend nftables have the container as their comment,
/// in the IPv4 and in the IPv6 table.
kernel::ReferenceRules portmap_rules_of_reference(const cni::Attachment& attachment) {
  constexpr std::size_t longest_chain_name = 28;
  kernel::ReferenceRules rules;
  for (const std::string_view prefix : {"CNI-DN-", "CNI-SN-"}) {
    rules.chains.push_back(hashed_name(prefix, attachment, longest_chain_name));
  }
  for (const auto family : {kernel::ReferenceFamily::ip, kernel::ReferenceFamily::ip6}) {
    rules.commented.push_back({family, "cni_hostport", attachment.container});
  }
  return rules;
}

}  // namespace chained
