#include "plugin/vethctl/release.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <system_error>

namespace vethctl {
namespace {

class Release {
 public:
  Release(const TakenAddress& taken, state::Folder& folder, kernel::Inspector& inspector)
      : network_(taken.network), address_(taken.address), folder_(folder), inspector_(inspector) {}

  std::optional<cni::Attachment> run(bool is_forced) {
    const auto holder = folder_.addresses.holder(network_, address_);
    if (!holder) refuse("it is held by a file that this plugin did not create", "remove the file");
    const auto lock = folder_.locks.try_attachment(*holder);
    stored_ = folder_.records.find(network_, *holder);
    if (!is_forced && !lock)
      refuse("a call of the plugin holds the lock of " + holder_text(), "try again, or use --force");
    const auto use = find_use(*holder);
    if (!is_forced && use)
      refuse(holder_text() + " may use it, since " + *use, "delete the container with the runtime, or use --force");
    if (!folder_.addresses.release(network_, address_, *holder))
      refuse("it was released or assigned to another holder meanwhile", "vethctl leases list prints the leases");
    if (lock && !use) remove_if_without_addresses(*holder);
    return attachment();
  }

 private:
  [[noreturn]] void refuse(const std::string& reason, const std::string& advice) const {
    throw cni::Error{cni::ErrorCode::address_in_use, "cannot release " + cni::to_string(address_) + ": " + reason,
                     advice};
  }

  std::optional<cni::Attachment> attachment() const {
    return stored_ && stored_->record ? std::optional{stored_->record->attachment} : std::nullopt;
  }

  std::string holder_text() const {
    const auto known = attachment();
    if (!known) return "its holder";
    return "container " + text::quoted(known->container) + ", interface " + text::quoted(known->interface);
  }

  /// Why the address may be in use; nullopt: the holder has no interface and no namespace.
  std::optional<std::string> find_use(cni::Tag holder) {
    if (const auto link = find_link(holder)) return "interface " + text::quoted(link->name) + " exists";
    if (!stored_) return std::nullopt;
    if (!stored_->record) return "its record cannot be read";
    const auto& record = *stored_->record;
    if (record.host_interface || !has_namespace(record)) return std::nullopt;
    return "network namespace " + text::quoted(record.netns) + " exists";
  }

  std::optional<kernel::HostLink> find_link(cni::Tag holder) {
    const bool is_known = stored_ && stored_->record;
    return inspector_.find_host_link(is_known ? attachment::footprint_of(*stored_->record)
                                              : attachment::footprint_of(holder, network_));
  }

  /// For an interface of another plugin only the namespace can be checked.
  bool has_namespace(const state::Record& record) try {
    inspector_.kernel.open_namespace(record.netns, true);
    return true;
  } catch (const cni::Error&) {
    return false;
  } catch (const std::system_error&) {
    return false;
  }

  /// Removes the record of a stale attachment that holds no addresses any more.
  void remove_if_without_addresses(cni::Tag tag) {
    if (!stored_ || !stored_->record) return;
    const auto& addresses = stored_->record->addresses;
    const auto is_held = [&](const cni::IpAddress& address) {
      return folder_.addresses.holder(network_, address) == tag;
    };
    if (std::ranges::any_of(addresses, is_held)) return;
    attachment::tear_down_or_throw({attachment::footprint_of(*stored_->record)},
                                   {.kernel = &inspector_.kernel, .folder = &folder_});
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
