#include "plugin/verbs/gc.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/held_addresses.hpp"
#include "plugin/attachment/locked_batches.hpp"
#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/attachment/valid_attachments.hpp"
#include "plugin/cni/error.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace verbs {
namespace {

/// One GC of one network.
class GcOperation {
 public:
  GcOperation(const cni::Request& request, std::set<cni::Tag> valid, kernel::Kernel& kernel, state::Folder* folder)
      : network_(request.attachment.network),
        kernel_(kernel),
        folder_(folder),
        assumed_(attachment::footprint_of(request)),
        kept_(std::move(valid)) {
    if (folder != nullptr) held_.emplace(network_, *folder);
  }

  /// The valid attachments, and after run() also those that could not be removed completely.
  const std::set<cni::Tag>& kept() const { return kept_; }

  /// False if other calls held the locks of stale attachments until the deadline.
  bool is_complete() const { return busy_ == 0; }

  void run(attachment::BestEffort& effort) {
    effort.attempt([&] { list_records(); });
    is_listed_ = effort.attempt([&] { list_kernel(); });
    effort.attempt([&] { list_ovs(); });
    attachment::for_each_batch(find_stale(), [&](std::span<const cni::Tag> tags) { remove_stale(tags, effort); });
    if (kept_.empty()) effort.attempt([&] { kernel_.clean_rules(network_); });
  }

 private:
  void list_records() {
    if (folder_ == nullptr) return;
    const auto tags = folder_->records.tags(network_);
    recorded_.insert(tags.begin(), tags.end());
  }

  void list_kernel() {
    for (auto& footprint : kernel_.list(network_)) in_kernel_.emplace(footprint.tag, std::move(footprint));
  }

  /// Ports without a record and a link, and those that another call could not remove.
  void list_ovs() {
    if (!assumed_.ovs_port || folder_ == nullptr) return;
    const auto& socket = assumed_.ovs_port->socket;
    attachment::remove_orphaned_ports(socket, *folder_);
    for (const auto& port : attachment::find_stale_ports(socket, kernel_, *folder_)) {
      if (port.attachment.network == network_) add_port(cni::tag_of(port.attachment));
    }
  }

  void add_port(cni::Tag tag) { in_kernel_.emplace(tag, attachment::footprint_of(tag, network_)); }

  /// From records, links, nftables elements and ports of Open vSwitch.
  std::vector<cni::Tag> find_stale() const {
    std::set<cni::Tag> stale = recorded_;
    for (const auto& [tag, footprint] : in_kernel_) stale.insert(tag);
    std::erase_if(stale, [&](cni::Tag tag) { return kept_.contains(tag); });
    return {stale.begin(), stale.end()};
  }

  void remove_stale(std::span<const cni::Tag> tags, attachment::BestEffort& effort) {
    if (folder_ == nullptr) return tear_down(unrecorded(tags), effort);
    attachment::LockedBatch batch;
    if (!effort.attempt([&] { batch = attachment::lock_batch(network_, tags, *folder_, deadline_); })) {
      kept_.insert(tags.begin(), tags.end());
      return;
    }
    busy_ += batch.busy.size();
    kept_.insert(batch.busy.begin(), batch.busy.end());
    tear_down(footprints_of(batch), effort);
  }

  /// An attachment that has a record now, but had none when the records were listed, was added meanwhile and is kept.
  /// If the kernel could not be listed, an attachment with an unreadable record is kept too.
  bool must_keep(const state::StoredRecord& stored) const {
    return !recorded_.contains(stored.tag) || (!stored.record && !is_listed_);
  }

  std::vector<wiring::Footprint> footprints_of(const attachment::LockedBatch& batch) {
    std::vector<wiring::Footprint> footprints;
    std::set<cni::Tag> unrecorded_tags{batch.tags.begin(), batch.tags.end()};
    for (const auto& stored : batch.records) {
      unrecorded_tags.erase(stored.tag);
      if (must_keep(stored)) {
        kept_.insert(stored.tag);
      } else {
        footprints.push_back(attachment::footprint_of(stored, *held_));
      }
    }
    const std::vector<cni::Tag> others{unrecorded_tags.begin(), unrecorded_tags.end()};
    std::ranges::move(unrecorded(others), std::back_inserter(footprints));
    return footprints;
  }

  /// Footprints of attachments without a record, as listed by the kernel, with the gateways of the configuration. For
  /// one that the kernel does not list, only an unfinished record exists.
  std::vector<wiring::Footprint> unrecorded(std::span<const cni::Tag> tags) {
    std::vector<wiring::Footprint> footprints;
    for (const auto tag : tags) {
      const auto listed = in_kernel_.find(tag);
      if (listed == in_kernel_.end()) {
        footprints.push_back(attachment::lease_footprint(tag, network_));
        continue;
      }
      auto footprint = listed->second;
      footprint.attachment.network = network_;
      footprint.gateways = assumed_.gateways;
      footprint.are_gateways_assumed = true;
      footprint.ovs_port = assumed_.ovs_port;
      footprints.push_back(std::move(footprint));
    }
    return footprints;
  }

  void tear_down(std::vector<wiring::Footprint> footprints, attachment::BestEffort& effort) {
    const auto left = attachment::tear_down(std::move(footprints), {.kernel = &kernel_, .folder = folder_}, effort);
    kept_.insert(left.begin(), left.end());
  }

  /// Tools hold locks briefly; runtimes make no other calls during a GC.
  static constexpr std::chrono::milliseconds lock_timeout{1000};

  const std::string& network_;
  kernel::Kernel& kernel_;
  state::Folder* folder_;
  wiring::Footprint assumed_;                        ///< from the configuration only
  std::set<cni::Tag> recorded_;                      ///< at the beginning
  std::map<cni::Tag, wiring::Footprint> in_kernel_;  ///< listed after the records
  std::optional<attachment::HeldAddresses> held_;
  bool is_listed_ = false;  ///< whether the kernel could be listed
  std::set<cni::Tag> kept_;
  std::size_t busy_ = 0;
  attachment::Deadline deadline_ = std::chrono::steady_clock::now() + lock_timeout;
};

}  // namespace

/// The IPAM is called last: it releases addresses without a record, and a delegate its own addresses. A delegate is
/// also called without a list of valid attachments: it reads the configuration itself.
void gc(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder) {
  const auto ipam = ipam::make_ipam(request, folder);
  auto valid = attachment::valid_tags(request);
  if (!valid) {
    if (!ipam::uses_builtin_ipam(request)) ipam->gc({});
    return;
  }
  attachment::BestEffort effort;
  GcOperation operation{request, std::move(*valid), kernel, folder};
  operation.run(effort);
  effort.attempt([&] { ipam->gc(operation.kept()); });
  effort.finish();
  if (operation.is_complete()) return;
  throw cni::Error{cni::ErrorCode::try_again_later, "another call holds the lock of a stale attachment",
                   "look for a hung \"veth\" process (ps -C veth,veth-ipam) and call GC again"};
}

}  // namespace verbs
