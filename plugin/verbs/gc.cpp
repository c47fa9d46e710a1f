#include "plugin/verbs/gc.hpp"

#include "ipam/ipam.hpp"
#include "plugin/verbs/best_effort.hpp"
#include "plugin/verbs/detach.hpp"
#include "plugin/verbs/lost_gateways.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/verbs/site.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace verbs {
namespace {

/// All that is left of one attachment that nobody knows any more.
struct Stale {
  std::optional<posix::ByteLock> lock;
  std::optional<kernel::HostLink> link;
  std::optional<kernel::HostLink> ifb;
  Recorded cable;            ///< what is recorded where its ends are not on the host: mode netns
  bool is_readable = false;  ///< its record tells which interface it has
};

/// One collection of one network.
class Collection {
 public:
  Collection(const cni::Request& request, kernel::Kernel& kernel, state::Folder* folder)
      : network_(request.attachment.network), kernel_(kernel), folder_(folder) {
    for (const auto& [container, interface] : *request.config.valid_attachments) {
      valid_.insert(cni::tag_of({network_, container, interface}));
    }
  }

  /// The valid ones, and after run() those whose link could not be removed.
  const std::set<cni::Tag>& kept() const { return valid_; }

  /// Whether links were removed of which no record told.
  bool had_unrecorded() const { return had_unrecorded_; }

  void run(BestEffort& effort) {
    effort.attempt([&] { find_records(effort); });
    if (!effort.attempt([&] { find_links(); })) keep_unknown();
    if (!effort.attempt([&] { remove_links(); })) keep_linked();
    had_unrecorded_ =
        std::any_of(stale_.begin(), stale_.end(), [](const auto& entry) { return !entry.second.is_readable; });
    remove_cables(effort);
    effort.attempt([&] { remove_rules(); });
    for (const auto& [tag, stale] : stale_) effort.attempt([&, tag = tag] { forget(tag); });
    stale_.clear();
  }

 private:
  /// The stale attachment of this tag with its lock; null where it is valid or in flight.
  Stale* find_stale(cni::Tag tag) {
    if (valid_.contains(tag)) return nullptr;
    if (const auto known = stale_.find(tag); known != stale_.end()) return &known->second;
    Stale stale;
    if (folder_ != nullptr) stale.lock = folder_->try_lock(tag);
    if (folder_ != nullptr && !stale.lock) {
      valid_.insert(tag);
      return nullptr;
    }
    return &stale_.emplace(tag, std::move(stale)).first->second;
  }

  /// One that is met for the first time now, and is on record, was added since the records were read.
  bool is_stale(cni::Tag tag) {
    const bool is_known = stale_.contains(tag);
    if (find_stale(tag) == nullptr) return false;
    if (is_known || folder_ == nullptr || !folder_->find_record(network_, tag)) return true;
    stale_.erase(tag);
    valid_.insert(tag);
    return false;
  }

  /// One of which the kernel does not tell now is left for another time.
  void find_records(BestEffort& effort) {
    if (folder_ == nullptr) return;
    for (const auto& stored : folder_->records(network_)) {
      auto* stale = find_stale(stored.tag);
      if (stale == nullptr || !stored.record) continue;
      if (effort.attempt([&] { describe(*stored.record, *stale); })) continue;
      stale_.erase(stored.tag);
      valid_.insert(stored.tag);
    }
  }

  void describe(const state::Record& record, Stale& stale) {
    stale.is_readable = true;
    stale.link = find_recorded_link(record, kernel_);
    Recorded recorded{record};
    if (!recorded_places(recorded).empty()) stale.cable = std::move(recorded);
  }

  /// Those without a record, or under another name.
  void find_links() {
    for (const auto& link : kernel_.host_links(network_)) {
      if (auto* stale = find_stale(link)) stale->link = link;
    }
    for (const auto& ifb : kernel_.ifbs(network_)) {
      if (auto* stale = find_stale(ifb)) stale->ifb = ifb;
    }
  }

  Stale* find_stale(const kernel::HostLink& link) {
    const auto tag = cni::tag_of_alias(link.alias);
    return tag && is_stale(*tag) ? &stale_.at(*tag) : nullptr;
  }

  void remove_links() {
    std::vector<kernel::HostLink> links;
    for (const auto& [tag, stale] : stale_) {
      if (stale.link) links.push_back(*stale.link);
      if (stale.ifb) links.push_back(*stale.ifb);
    }
    if (!links.empty()) kernel_.remove_links(links);
  }

  /// An element may be all that is left of an attachment.
  void remove_rules() {
    kernel_.remove_stale_rules(network_, [this](cni::Tag tag) { return is_stale(tag); });
    if (valid_.empty()) kernel_.clean_rules(network_);
  }

  void remove_cables(BestEffort& effort) {
    for (auto& entry : stale_) {
      auto& stale = entry.second;
      if (!stale.cable.record) continue;
      const auto remove = [&] { kernel_.remove_cable(stale.cable.record->attachment, recorded_places(stale.cable)); };
      if (effort.attempt(remove)) stale.cable = {};
    }
    keep([](const Stale& stale) { return stale.cable.record.has_value(); });
  }

  /// The address of a link that still stands is not given out.
  void keep_linked() {
    keep([](const Stale& stale) { return stale.link.has_value() || stale.ifb.has_value(); });
  }

  void keep_unknown() {
    keep([](const Stale& stale) { return !stale.is_readable; });
  }

  void keep(const std::function<bool(const Stale&)>& is_kept) {
    for (auto entry = stale_.begin(); entry != stale_.end();) {
      const auto current = entry++;
      if (!is_kept(current->second)) continue;
      valid_.insert(current->first);
      stale_.erase(current);
    }
  }

  /// The record may have changed before its lock was taken, so it is read now.
  void forget(cni::Tag tag) {
    if (folder_ == nullptr) return;
    const Recorded recorded{folder_->find_record(network_, tag)};
    if (recorded.record) release_recorded(*recorded.record, *folder_);
    verbs::forget({network_, tag, recorded.gateways()}, kernel_, *folder_);
  }

  const std::string& network_;
  kernel::Kernel& kernel_;
  state::Folder* folder_;
  std::set<cni::Tag> valid_;
  std::map<cni::Tag, Stale> stale_;
  bool had_unrecorded_ = false;
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
  BestEffort effort;
  Collection collection{request, kernel, folder};
  collection.run(effort);
  if (collection.had_unrecorded()) effort.attempt([&] { remove_lost_gateways(request, kernel, folder); });
  effort.attempt([&] { ipam->collect(collection.kept()); });
  effort.finish();
}

}  // namespace verbs
