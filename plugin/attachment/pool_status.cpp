#include "plugin/attachment/pool_status.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/error.hpp"

namespace attachment {
void check_pool(const cni::Request& request, const Node& node) try {
  ipam::make_ipam(request, node.folder)->status();
} catch (const cni::Error& error) {
  if (error.code != static_cast<unsigned>(cni::ErrorCode::addresses_exhausted)) throw;
  if (request.config.ready_when_full) return;
  if (node.kernel != nullptr && has_stale(request.attachment.network, *node.kernel, *node.folder)) return;
  throw cni::not_available(error.message, error.details);
}

}  // namespace attachment
