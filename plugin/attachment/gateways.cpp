#include "plugin/attachment/gateways.hpp"

#include "plugin/attachment/footprints.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

namespace attachment {
namespace {

/// Earlier versions wrote no claims: claims the gateways in their records.
void claim_for_records(state::Folder& folder) {
  for (const auto& network : folder.records.networks()) {
    for (const auto& stored : folder.records.list(network)) {
      if (!stored.record) continue;
      for (const auto& gateway : footprint_of(*stored.record).gateways) folder.gateways.claim(gateway, stored.tag);
    }
  }
}

/// A link without a readable record may need any gateway of its network.
bool has_unrecorded_links(kernel::Kernel& kernel, const state::Folder& folder) {
  const auto links = kernel.list("");
  return std::ranges::any_of(links, [&](const Footprint& footprint) {
    if (footprint.host.index == 0) return false;
    const auto stored = folder.records.find(footprint.attachment.network, footprint.tag);
    return !stored || !stored->record;
  });
}

/// True also if links change so often that no dump of them is complete (EINTR): a link may need the gateway then,
/// and the next DEL removes it.
bool is_true_or_unknown(const auto& test) try { return test(); } catch (const std::system_error& error) {
  if (error.code().value() != EINTR) throw;
  return true;
}

bool may_have_unrecorded_links(kernel::Kernel& kernel, const state::Folder& folder) {
  return is_true_or_unknown([&] { return has_unrecorded_links(kernel, folder); });
}

/// Runs once for each state folder. If the call is killed here, the next one does it again.
void create_claims(kernel::Kernel& kernel, state::Folder& folder) {
  claim_for_records(folder);
  if (may_have_unrecorded_links(kernel, folder)) folder.gateways.mark_unrecorded_users();
  folder.gateways.mark_claims_complete();
}

bool may_have_other_links(const Footprint& leaving, kernel::Kernel& kernel) {
  const auto is_other = [&](const Footprint& other) { return other.host.index != 0 && other.tag != leaving.tag; };
  return is_true_or_unknown([&] { return std::ranges::any_of(kernel.list(leaving.attachment.network), is_other); });
}

/// Releases the attachment's claims; returns those of its gateways that no attachment claims any more.
std::vector<cni::IpAddress> release_claims(const Footprint& footprint, state::Folder* folder) {
  auto gateways = footprint.gateways;
  if (folder == nullptr) return gateways;
  std::erase_if(gateways,
                [&](const cni::IpAddress& gateway) { return !folder->gateways.release(gateway, footprint.tag); });
  return gateways;
}

/// Links without a record, of any network, may need any gateway. The mark for them is removed with the last such link.
bool may_have_unclaimed_users(const Footprint& leaving, const Node& node) {
  if (node.folder == nullptr) return may_have_other_links(leaving, *node.kernel);
  if (!node.folder->gateways.has_unrecorded_users()) return false;
  if (may_have_unrecorded_links(*node.kernel, *node.folder)) return true;
  node.folder->gateways.clear_unrecorded_users();
  return false;
}

}  // namespace

void claim_gateways(const Footprint& footprint, kernel::Kernel& kernel, state::Folder& folder) {
  const auto& gateways = footprint.gateways;
  const auto try_claim = [&](const cni::IpAddress& gateway) {
    return folder.gateways.try_claim(gateway, footprint.tag);
  };
  if (std::ranges::all_of(gateways, try_claim)) return;
  const auto lock = folder.locks.gateways();
  if (!folder.gateways.are_claims_complete()) create_claims(kernel, folder);
  for (const auto& gateway : footprint.gateways) folder.gateways.claim(gateway, footprint.tag);
}

/// The lock serializes concurrent calls. Of two DELs, the second one releases the last claim. An ADD claims a gateway
/// before DEL checks the claims, or after DEL removed the gateway; it then adds the gateway to lo again.
void remove_gateways(const Footprint& footprint, const Node& node) {
  if (footprint.gateways.empty() || node.kernel == nullptr) return;
  std::optional<posix::ByteLock> lock;
  if (node.folder != nullptr) lock = node.folder->locks.gateways();
  auto unclaimed = release_claims(footprint, node.folder);
  if (unclaimed.empty()) return;
  if (node.folder != nullptr && !node.folder->gateways.are_claims_complete()) {
    create_claims(*node.kernel, *node.folder);
    unclaimed = release_claims(footprint, node.folder);
    if (unclaimed.empty()) return;
  }
  if (may_have_unclaimed_users(footprint, node)) return;
  auto gateways_only = lease_footprint(footprint.tag, "");
  gateways_only.gateways = std::move(unclaimed);
  remove_or_throw(gateways_only, *node.kernel);
}

}  // namespace attachment
