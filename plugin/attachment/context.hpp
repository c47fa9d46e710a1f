#pragma once

#include "plugin/cni/request.hpp"
#include "plugin/kernel/kernel.hpp"

namespace attachment {

/// Opens the namespaces of a request: the container's, and in mode netns the peer's. Throws cni::Error invalid_netns.
kernel::AttachmentContext open_context(const cni::Request& request, kernel::Kernel& kernel);

}  // namespace attachment
