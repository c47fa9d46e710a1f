#include "plugin/vethctl/inspect/unreachable_address.hpp"

#include "plugin/kernel/reachability.hpp"

#include <algorithm>

namespace inspect {
namespace {

/// A missing route is reported as such, unless another route takes its place.
bool is_reported(const Detail& detail, const kernel::Conflict& conflict) {
  return detail.differences.empty() || kernel::is_lasting(conflict, *detail.wanted);
}

}  // namespace

std::vector<UnreachableAddress> find_unreachable(kernel::Inspector& inspector, const std::vector<Detail>& attachments,
                                                 const kernel::Routing& host) {
  std::vector<UnreachableAddress> unreachable;
  for (const auto& detail : attachments) {
    const auto& observed = detail.observed;
    if (!detail.wanted || !observed.host) continue;
    const auto device_index = observed.bridge ? observed.bridge->index : observed.host->index;
    for (const auto& found : inspector.find_unreachable(*detail.wanted, device_index, host)) {
      if (is_reported(detail, found))
        unreachable.push_back({found.address, found.is_host_address, detail.attachment.identity, found.route});
    }
  }
  return unreachable;
}

bool is_caused_by(const wiring::Difference& difference, const cni::IpAddress& address) {
  return difference.kind == wiring::Kind::route && difference.side == wiring::Side::host &&
         difference.wanted == cni::to_string(cni::host_prefix(address));
}

}  // namespace inspect
