#include "plugin/verbs/detach.hpp"

#include "ipam/ipam.hpp"
#include "plugin/wiring/text.hpp"

namespace verbs {

std::vector<cni::IpAddress> recorded_gateways(const std::optional<state::Record>& record) {
  const auto wiring = record ? wiring::find_wiring(record->wiring) : std::nullopt;
  return wiring ? wiring->host_gateways : std::vector<cni::IpAddress>{};
}

// An ADD writes its record under the same lock before it puts its gateways there, so one that begins now is seen or
// comes after.
void remove_unused_gateways(const std::string& network, const std::vector<cni::IpAddress>& gateways,
                            kernel::Kernel& kernel, const state::Folder& folder) {
  if (gateways.empty() || folder.has_records(network)) return;
  const auto lock = folder.lock_network(network);
  if (!folder.has_records(network)) kernel.remove_host_gateways(gateways);
}

void detach(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder, BestEffort& effort) {
  const auto& attachment = request.attachment;
  std::vector<cni::IpAddress> gateways;
  effort.attempt([&] {
    const auto stored = folder == nullptr ? std::nullopt : folder->find_record(attachment);
    if (stored) gateways = recorded_gateways(stored->record);
  });
  const bool is_gone = effort.attempt([&] { kernel.remove(attachment); });
  if (!is_gone) return;
  const bool is_released = effort.attempt([&] { ipam::choose(request, folder)->release(); });
  if (folder == nullptr) return;
  if (is_released) effort.attempt([&] { folder->forget(attachment.network, cni::tag_of(attachment)); });
  effort.attempt([&] { remove_unused_gateways(attachment.network, gateways, kernel, *folder); });
}

}  // namespace verbs
