#include "plugin/attachment/context.hpp"

namespace attachment {

kernel::AttachmentContext open_context(const cni::Request& request, kernel::Kernel& kernel) {
  kernel::AttachmentContext context{.container = kernel.open_namespace(request.netns, request.netns_override),
                                    .stopwatch = request.stopwatch};
  const auto& peer = request.config.peer;
  if (request.config.mode == cni::Mode::netns) context.peer = kernel.open_namespace(peer.netns, peer.allow_host_netns);
  return context;
}

}  // namespace attachment
