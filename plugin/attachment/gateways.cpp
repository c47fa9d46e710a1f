#include "plugin/attachment/gateways.hpp"

#include "plugin/attachment/footprints.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

namespace attachment {
namespace {

/// An older version wrote no claims: what its records name is claimed now.
void claim_for_records(state::Folder& folder) {
  for (const auto& network : folder.records.networks()) {
    for (const auto& stored : folder.records.list(network)) {
      if (!stored.record) continue;
      for (const auto& gateway : footprint_of(*stored.record).gateways) folder.gateways.claim(gateway, stored.tag);
    }
  }
}

/// Every link of ours without a record that can be read may need any gateway of its network.
bool has_unrecorded_links(kernel::Kernel& kernel, const state::Folder& folder) {
  const auto links = kernel.list("");
  return std::ranges::any_of(links, [&](const Footprint& footprint) {
    if (footprint.host.index == 0) return false;
    const auto stored = folder.records.find(footprint.attachment.network, footprint.tag);
    return !stored || !stored->record;
  });
}

/// Where links come and go so fast that no list of them is whole, one may need the gateway: the next one to leave
/// removes it.
bool is_true_or_unknown(const auto& question) try { return question(); } catch (const std::system_error& error) {
  if (error.code().value() != EINTR) throw;
  return true;
}

bool may_have_unrecorded_links(kernel::Kernel& kernel, const state::Folder& folder) {
  return is_true_or_unknown([&] { return has_unrecorded_links(kernel, folder); });
}

/// Once for each state folder; a call that is killed in here leaves it to the next.
void begin_claims(kernel::Kernel& kernel, state::Folder& folder) {
  claim_for_records(folder);
  if (may_have_unrecorded_links(kernel, folder)) folder.gateways.mark_unrecorded_users();
  folder.gateways.create();
}

bool may_have_other_links(const Footprint& leaving, kernel::Kernel& kernel) {
  const auto is_other = [&](const Footprint& other) { return other.host.index != 0 && other.tag != leaving.tag; };
  return is_true_or_unknown([&] { return std::ranges::any_of(kernel.list(leaving.attachment.network), is_other); });
}

/// The unclaimed ones of the attachment's gateways.
std::vector<cni::IpAddress> give_up_claims(const Footprint& footprint, state::Folder* folder) {
  auto gateways = footprint.gateways;
  if (folder == nullptr) return gateways;
  std::erase_if(gateways,
                [&](const cni::IpAddress& gateway) { return !folder->gateways.release(gateway, footprint.tag); });
  return gateways;
}

/// Links without a record, of whatever network, may need any gateway. Their mark goes with the last of them.
bool may_have_unclaimed_users(const Footprint& leaving, const Node& node) {
  if (node.folder == nullptr) return may_have_other_links(leaving, *node.kernel);
  if (!node.folder->gateways.has_unrecorded_users()) return false;
  if (may_have_unrecorded_links(*node.kernel, *node.folder)) return true;
  node.folder->gateways.forget_unrecorded_users();
  return false;
}

}  // namespace

void claim_gateways(const Footprint& footprint, kernel::Kernel& kernel, state::Folder& folder) {
  const auto& gateways = footprint.gateways;
  const auto join = [&](const cni::IpAddress& gateway) { return folder.gateways.join(gateway, footprint.tag); };
  if (std::ranges::all_of(gateways, join)) return;
  const auto lock = folder.locks.gateways();
  if (!folder.gateways.exists()) begin_claims(kernel, folder);
  for (const auto& gateway : footprint.gateways) folder.gateways.claim(gateway, footprint.tag);
}

/// The lock makes one of two that leave together the last. An ADD claims under it before it puts its gateways on lo, so
/// one that begins now is seen, or comes afterwards.
void remove_gateways(const Footprint& footprint, const Node& node) {
  if (footprint.gateways.empty() || node.kernel == nullptr) return;
  std::optional<posix::ByteLock> lock;
  if (node.folder != nullptr) lock = node.folder->locks.gateways();
  auto unclaimed = give_up_claims(footprint, node.folder);
  if (unclaimed.empty()) return;
  if (node.folder != nullptr && !node.folder->gateways.exists()) {
    begin_claims(*node.kernel, *node.folder);
    unclaimed = give_up_claims(footprint, node.folder);
    if (unclaimed.empty()) return;
  }
  if (may_have_unclaimed_users(footprint, node)) return;
  Footprint gateways_only{.tag = footprint.tag,
                          .may_have_pair = false,
                          .may_have_ifb = false,
                          .gateways = std::move(unclaimed),
                          .may_have_rules = false};
  const auto removal = node.kernel->remove({&gateways_only, 1});
  if (!removal.failures.empty()) throw removal.failures.front();
}

}  // namespace attachment
