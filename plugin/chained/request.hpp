#pragma once

#include "plugin/cni/process.hpp"
#include "plugin/cni/request.hpp"
#include "plugin/kernel/linux_chain.hpp"

#include <string_view>

namespace chained {

/// The request with the keys that the specification defines. Throws cni::Error.
cni::Request parse_request(cni::Call call);

/// The message of the reference plugins portmap and bandwidth for a call without the result of a plugin before.
constexpr std::string_view no_previous = "must be called as chained plugin";

/// The result of the plugin before. Throws cni::Error invalid_config with `message` if there is none.
const cni::Result& previous_of(const cni::Request& request, std::string_view message);

/// The namespace of the container, which may be the host's own. Throws cni::Error invalid_netns.
kernel::Namespace open_container(const cni::Request& request);

/// The same for DEL: nullopt if the namespace is gone or not known.
std::optional<kernel::Namespace> find_container(const cni::Request& request);

/// The interface of the request. Throws cni::Error invalid_config if the container has none of this name.
kernel::ChainedInterface require_interface(const cni::Request& request, const kernel::Namespace& container,
                                           kernel::LinuxChain& chain);

/// Throws cni::Error differs with all faults, if there are any.
void require_none(const kernel::Faults& faults);

/// GC: removes what members of chains, and this plugin, keep for attachments of the network that are not valid.
void gc(const cni::Request& request);

}  // namespace chained
