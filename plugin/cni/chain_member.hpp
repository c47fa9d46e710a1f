#pragma once

#include "plugin/cni/attachment.hpp"

#include <array>
#include <string_view>

// Plugins that follow another one in a chain and keep objects for its interface. Each keeps them as an attachment of
// its own, so that records, owners of rules and aliases of the members of one chain differ: the interface of its
// attachment is "eth0:portmap". No interface has a ':' in its name.
namespace cni {

constexpr std::string_view portmap_member = "portmap";
constexpr std::string_view bandwidth_member = "bandwidth";
inline constexpr std::array chain_members{portmap_member, bandwidth_member};

/// The attachment of the member for the interface of `attachment`.
Attachment attachment_of_member(const Attachment& attachment, std::string_view member);

/// Whether the attachment is that of a member of a chain.
bool is_of_chain_member(const Attachment& attachment);

/// The attachment for which a member of a chain keeps objects; any other attachment unchanged.
Attachment without_member(const Attachment& attachment);

}  // namespace cni
