#include "plugin/verbs/gc.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/locked_batches.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/error.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace verbs {
namespace {

/// One collection of one network.
class Collection {
 public:
  Collection(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder)
      : network_(request.attachment.network),
        kernel_(kernel),
        folder_(folder),
        assumed_(attachment::footprint_of(request)) {
    for (const auto& [container, interface] : *request.config.valid_attachments) {
      kept_.insert(cni::tag_of({network_, container, interface}));
    }
  }

  /// The valid ones, and after run() those of which something is left.
  const std::set<cni::Tag>& kept() const { return kept_; }

  /// Whether every stale attachment could be looked at: none was locked by another call all the time.
  bool is_complete() const { return busy_ == 0; }

  void run(attachment::BestEffort& effort) {
    effort.attempt([&] { list_records(); });
    is_listed_ = effort.attempt([&] { list_kernel(); });
    attachment::for_each_batch(find_stale(), [&](std::span<const cni::Tag> tags) { collect(tags, effort); });
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

  /// By records, links and elements.
  std::vector<cni::Tag> find_stale() const {
    std::set<cni::Tag> stale = recorded_;
    for (const auto& [tag, footprint] : in_kernel_) stale.insert(tag);
    std::erase_if(stale, [&](cni::Tag tag) { return kept_.contains(tag); });
    return {stale.begin(), stale.end()};
  }

  void collect(std::span<const cni::Tag> tags, attachment::BestEffort& effort) {
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

  /// One that has a record now and had none when the records were listed was added since, and is left alone. Where the
  /// kernel could not be listed, so is one whose record cannot be read.
  bool is_left_alone(const state::StoredRecord& stored) const {
    return !recorded_.contains(stored.tag) || (!stored.record && !is_listed_);
  }

  std::vector<wiring::Footprint> footprints_of(const attachment::LockedBatch& batch) {
    std::vector<wiring::Footprint> footprints;
    std::set<cni::Tag> unrecorded_tags{batch.tags.begin(), batch.tags.end()};
    for (const auto& stored : batch.records) {
      unrecorded_tags.erase(stored.tag);
      if (is_left_alone(stored)) {
        kept_.insert(stored.tag);
      } else {
        footprints.push_back(attachment::footprint_of(stored, network_, *folder_));
      }
    }
    const std::vector<cni::Tag> others{unrecorded_tags.begin(), unrecorded_tags.end()};
    std::ranges::move(unrecorded(others), std::back_inserter(footprints));
    return footprints;
  }

  /// What the kernel shows of attachments without a record; their gateways are those of the configuration. Where it
  /// shows nothing, a record that was never completed is all there is.
  std::vector<wiring::Footprint> unrecorded(std::span<const cni::Tag> tags) {
    std::vector<wiring::Footprint> footprints;
    for (const auto tag : tags) {
      const auto shown = in_kernel_.find(tag);
      if (shown == in_kernel_.end()) {
        footprints.push_back(attachment::lease_footprint(tag, network_));
        continue;
      }
      auto footprint = shown->second;
      footprint.attachment.network = network_;
      footprint.gateways = assumed_.gateways;
      footprint.are_gateways_assumed = true;
      footprints.push_back(std::move(footprint));
    }
    return footprints;
  }

  void tear_down(std::vector<wiring::Footprint> footprints, attachment::BestEffort& effort) {
    const auto left = attachment::tear_down(std::move(footprints), {.kernel = &kernel_, .folder = folder_}, effort);
    kept_.insert(left.begin(), left.end());
  }

  /// A lock that a tool holds for a moment is waited for; runtimes call nothing else beside a GC.
  static constexpr std::chrono::milliseconds patience{1000};

  const std::string& network_;
  kernel::Kernel& kernel_;
  state::Folder* folder_;
  wiring::Footprint assumed_;                        ///< by the configuration only
  std::set<cni::Tag> recorded_;                      ///< when the collection began
  std::map<cni::Tag, wiring::Footprint> in_kernel_;  ///< listed after the records
  bool is_listed_ = false;                           ///< false: the kernel's list could not be had
  std::set<cni::Tag> kept_;
  std::size_t busy_ = 0;
  attachment::Deadline deadline_ = std::chrono::steady_clock::now() + patience;
};

}  // namespace

/// The IPAM comes last: addresses that no record names are left then, and a delegate's own. A delegate reads the list
/// by itself, and may know better what to do without one.
void gc(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder) {
  const auto ipam = ipam::choose(request, folder);
  if (!request.config.valid_attachments) {
    if (!ipam::is_built_in(request)) ipam->collect({});
    return;
  }
  attachment::BestEffort effort;
  Collection collection{request, kernel, folder};
  collection.run(effort);
  effort.attempt([&] { ipam->collect(collection.kept()); });
  effort.finish();
  if (collection.is_complete()) return;
  throw cni::Error{cni::ErrorCode::try_again_later, "another call holds the lock of a stale attachment",
                   "look for a hung \"veth\" process (ps -C veth,veth-ipam) and call GC again"};
}

}  // namespace verbs
