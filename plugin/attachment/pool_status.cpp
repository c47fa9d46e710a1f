#include "plugin/attachment/pool_status.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/error.hpp"

namespace attachment {
namespace {

bool has_stale(const std::string& network, const Node& node) {
  return node.kernel != nullptr && !find_stale(network, *node.kernel, *node.folder).empty();
}

}  // namespace

void check_pool(const cni::Request& request, const Node& node) try {
  ipam::make_ipam(request, node.folder)->status();
} catch (const cni::Error& error) {
  if (error.code != static_cast<unsigned>(cni::ErrorCode::addresses_exhausted)) throw;
  if (request.config.ready_when_full || has_stale(request.attachment.network, node)) return;
  throw cni::not_available(error.message, error.details);
}

}  // namespace attachment
