#include "plugin/verbs/detach.hpp"

#include "ipam/ipam.hpp"
#include "plugin/verbs/lost_gateways.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/verbs/site.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

namespace verbs {

void remove_recorded_rules(const cni::Attachment& attachment, const Recorded& recorded, kernel::Kernel& kernel) {
  if (recorded.outline) return kernel.remove_rules(*recorded.outline);
  const bool had_none = recorded.record && recorded.record->wiring.empty();
  if (!had_none) kernel.remove_rules(cni::tag_of(attachment));
}

void release_recorded(const state::Record& record, state::Folder& folder) {
  const auto tag = cni::tag_of(record.attachment);
  for (const auto& address : record.addresses) folder.release(record.attachment.network, address, tag);
}

namespace {

bool is_used_by_another_network(const cni::IpAddress& gateway, const std::string& network,
                                const state::Folder& folder) {
  for (const auto& other : folder.networks()) {
    if (other == network) continue;
    for (const auto& stored : folder.records(other)) {
      const auto gateways = Recorded{stored.record}.gateways();
      if (std::find(gateways.begin(), gateways.end(), gateway) != gateways.end()) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<cni::IpAddress> without_those_of_others(std::vector<cni::IpAddress> gateways, const std::string& network,
                                                    const state::Folder& folder) {
  std::erase_if(gateways,
                [&](const cni::IpAddress& gateway) { return is_used_by_another_network(gateway, network, folder); });
  return gateways;
}

namespace {

/// Who has a link and no record has lost it, and still uses the gateways. Where links come and go so fast that no list
/// of them is whole, one may be such: the next last container of the network takes the gateways away.
bool may_have_unrecorded_links(const std::string& network, kernel::Kernel& kernel) try {
  return !kernel.host_links(network).empty();
} catch (const std::system_error& error) {
  if (error.code().value() != EINTR) throw;
  return true;
}

void remove_unused_gateways(const Forgotten& attachment, kernel::Kernel& kernel, const state::Folder& folder) {
  if (folder.has_records_besides(attachment.network, attachment.tag)) return;
  if (may_have_unrecorded_links(attachment.network, kernel)) return;
  kernel.remove_host_gateways(without_those_of_others(attachment.gateways, attachment.network, folder));
}

}  // namespace

// The lock makes one of two that leave together the last, whatever their networks. An ADD writes its record under it
// before it puts its gateways there, so one that begins now is seen or comes after.
void forget(const Forgotten& attachment, kernel::Kernel& kernel, state::Folder& folder) {
  std::optional<posix::ByteLock> lock;
  if (!attachment.gateways.empty()) {
    lock = folder.lock_gateways();
    remove_unused_gateways(attachment, kernel, folder);
  }
  folder.forget(attachment.network, attachment.tag);
}

namespace {

/// What the record names is ours, whatever IPAM the configuration names by now.
void release(const cni::Request& request, const std::optional<state::Record>& record, state::Folder* folder) {
  ipam::choose(request, folder)->release();
  if (folder == nullptr || !record || ipam::is_built_in(request)) return;
  release_recorded(*record, *folder);
}

/// A host end of our own, that of an imported attachment, or a cable between two namespaces. True for the first.
bool remove_links(const cni::Request& request, const Recorded& recorded, kernel::Kernel& kernel) {
  const bool had_own_end = kernel.remove(request.attachment);
  if (recorded.record && is_imported(*recorded.record)) remove_imported_link(*recorded.record, kernel);
  const auto places = places_of(request, recorded);
  if (!places.empty()) kernel.remove_cable(request.attachment, places);
  return had_own_end;
}

}  // namespace

void detach(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder, BestEffort& effort) {
  const auto& attachment = request.attachment;
  std::optional<state::StoredRecord> stored;
  if (folder != nullptr) effort.attempt([&] { stored = folder->find_record(attachment); });
  const Recorded recorded{stored};
  bool had_own_end = false;
  const bool is_unruled = effort.attempt([&] { remove_recorded_rules(attachment, recorded, kernel); });
  const bool is_gone = effort.attempt([&] { had_own_end = remove_links(request, recorded, kernel); });
  cni::lap(request.stopwatch, "kernel");
  if (!is_unruled || !is_gone) return;
  const bool is_released = effort.attempt([&] { release(request, recorded.record, folder); });
  cni::lap(request.stopwatch, "addresses");
  if (folder != nullptr && is_released) {
    effort.attempt([&] {
      forget({attachment.network, cni::tag_of(attachment), recorded.gateways()}, kernel, *folder);
    });
  }
  if (had_own_end && !recorded.record) effort.attempt([&] { remove_lost_gateways(request, kernel, folder); });
  cni::lap(request.stopwatch, "record");
}

}  // namespace verbs
