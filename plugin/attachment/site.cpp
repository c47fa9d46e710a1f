#include "plugin/attachment/site.hpp"

namespace attachment {

kernel::Site open_site(const cni::Request& request, kernel::Kernel& kernel) {
  kernel::Site site{.container = kernel.open_namespace(request.netns, request.netns_override),
                    .stopwatch = request.stopwatch};
  const auto& peer = request.config.peer;
  if (request.config.mode == cni::Mode::netns) site.peer = kernel.open_namespace(peer.netns, peer.may_be_the_hosts);
  return site;
}

}  // namespace attachment
