#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/cni/request.hpp"

#include <optional>
#include <set>

namespace attachment {

/// The tags of the valid attachments in a GC request, and of the members of their chains; nullopt if the request has no
/// list of them.
std::optional<std::set<cni::Tag>> valid_tags(const cni::Request& request);

}  // namespace attachment
