#include "plugin/attachment/pool_status.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/error.hpp"

namespace attachment {
namespace {

/// A runtime frees addresses only by GC or DEL, and CRI-O calls GC only after STATUS has succeeded: its node would stay
/// not ready.
constexpr auto advice =
    "delete containers, or configure a larger range. With \"readyWhenFull\": true STATUS succeeds although a range is "
    "full: set it with CRI-O, which calls GC, by which it frees the addresses of lost containers, only after STATUS "
    "has "
    "succeeded";

}  // namespace

void check_pool(const cni::Request& request, const Node& node) try {
  ipam::make_ipam(request, node.folder)->status();
} catch (const cni::Error& error) {
  if (error.code != static_cast<unsigned>(cni::ErrorCode::addresses_exhausted)) throw;
  if (request.config.ready_when_full) return;
  if (node.kernel != nullptr && has_stale(request.attachment.network, *node.kernel, *node.folder)) return;
  throw cni::not_available(error.message, advice);
}

}  // namespace attachment
