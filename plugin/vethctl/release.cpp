#include "plugin/vethctl/release.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <system_error>

namespace vethctl {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& advice) {
  throw cni::Error{cni::ErrorCode::address_in_use, message, advice};
}

class Release {
 public:
  Release(const TakenAddress& taken, state::Folder& folder, kernel::Inspector& inspector)
      : network_(taken.network), address_(taken.address), folder_(folder), inspector_(inspector) {}

  std::optional<cni::Attachment> run(bool is_forced) {
    const auto holder = folder_.addresses.holder(network_, address_);
    if (!holder)
      refuse(cni::to_string(address_) + " is held by a file that is not of this plugin", "remove it by hand");
    const auto lock = folder_.locks.try_attachment(*holder);
    stored_ = folder_.records.find(network_, *holder);
    if (!is_forced && !lock) refuse(who() + " is being worked on by a call of the plugin", "try again, or use --force");
    const auto use = find_use(*holder);
    if (!is_forced && use) refuse(who() + " may still use it: " + *use, "DEL the attachment, or use --force");
    if (!folder_.addresses.release(network_, address_, *holder))
      refuse(cni::to_string(address_) + " has changed hands", "look again");
    if (lock && !use) forget_without_addresses(*holder);
    return attachment();
  }

 private:
  std::optional<cni::Attachment> attachment() const {
    return stored_ && stored_->record ? std::optional{stored_->record->attachment} : std::nullopt;
  }

  std::string who() const {
    const auto known = attachment();
    if (!known) return "the holder of " + cni::to_string(address_);
    return "container " + text::quoted(known->container) + ", interface " + text::quoted(known->interface) +
           ", which holds " + cni::to_string(address_) + ',';
  }

  /// Why it may be in use; nullopt where nothing of the holder stands.
  std::optional<std::string> find_use(cni::Tag holder) {
    if (const auto link = find_link(holder)) return "interface " + text::quoted(link->name) + " stands";
    if (!stored_) return std::nullopt;
    if (!stored_->record) return "its record cannot be read";
    const auto& record = *stored_->record;
    if (record.host_interface || !has_namespace(record)) return std::nullopt;
    return "network namespace " + text::quoted(record.netns) + " is there";
  }

  std::optional<kernel::HostLink> find_link(cni::Tag holder) {
    const bool is_known = stored_ && stored_->record;
    return inspector_.find_host_link(is_known ? attachment::footprint_of(*stored_->record)
                                              : attachment::footprint_of(holder, network_));
  }

  /// Of a lease for another plugin's interface nothing else is known.
  bool has_namespace(const state::Record& record) try {
    inspector_.kernel.open_namespace(record.netns, true);
    return true;
  } catch (const cni::Error&) {
    return false;
  } catch (const std::system_error&) {
    return false;
  }

  /// The record of a dead attachment serves nobody when its last address is gone.
  void forget_without_addresses(cni::Tag tag) {
    if (!stored_ || !stored_->record) return;
    const auto& addresses = stored_->record->addresses;
    const auto is_held = [&](const cni::IpAddress& address) {
      return folder_.addresses.holder(network_, address) == tag;
    };
    if (std::ranges::any_of(addresses, is_held)) return;
    attachment::BestEffort effort;
    attachment::tear_down({attachment::footprint_of(*stored_->record)},
                          {.kernel = &inspector_.kernel, .folder = &folder_}, effort);
    effort.finish();
  }

  std::string network_;
  cni::IpAddress address_;
  state::Folder& folder_;
  kernel::Inspector& inspector_;
  std::optional<state::StoredRecord> stored_;
};

}  // namespace

std::optional<cni::Attachment> release(const TakenAddress& taken, state::Folder& folder, kernel::Inspector& inspector,
                                       bool is_forced) {
  return Release{taken, folder, inspector}.run(is_forced);
}

}  // namespace vethctl
