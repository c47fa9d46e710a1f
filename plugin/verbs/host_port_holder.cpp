#include "plugin/verbs/host_port_holder.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/verbs/reclaim.hpp"

#include <algorithm>

namespace verbs {
namespace {

std::optional<std::string> find_network(cni::Tag holder, const state::Folder& folder) {
  const auto networks = folder.networks();
  const auto found = std::ranges::find_if(
      networks, [&](const std::string& network) { return folder.find_record(network, holder).has_value(); });
  return found == networks.end() ? std::nullopt : std::optional{*found};
}

std::optional<cni::Attachment> find_attachment(cni::Tag holder, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto network = find_network(holder, folder);
  const auto stored = network ? folder.find_record(*network, holder) : std::nullopt;
  if (stored && stored->record) return stored->record->attachment;
  const auto link = kernel.find_veth(cni::host_interface_name(holder));
  return link ? cni::attachment_of_alias(link->alias) : std::nullopt;
}

std::string words_of(cni::Tag holder, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto attachment = find_attachment(holder, kernel, folder);
  if (!attachment) return "an attachment that is known by its tag alone, " + cni::to_string(holder);
  return "interface \"" + attachment->interface + "\" of container \"" + attachment->container + "\" of network \"" +
         attachment->network + '"';
}

/// Neither on record nor in the kernel: rules alone may be left.
bool release_unknown(cni::Tag holder, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto lock = folder.try_lock(holder);
  if (!lock || kernel.find_veth(cni::host_interface_name(holder))) return false;
  kernel.remove_rules(holder);
  return true;
}

}  // namespace

bool release_dead_holder(const kernel::HostPortTaken& taken, kernel::Kernel& kernel, state::Folder& folder) {
  if (!taken.holder) return false;
  const auto network = find_network(*taken.holder, folder);
  if (network && !reclaim_one(*network, *taken.holder, kernel, folder)) return false;
  return release_unknown(*taken.holder, kernel, folder);
}

void refuse_host_port(const kernel::HostPortTaken& taken, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto holder = taken.holder ? words_of(*taken.holder, kernel, folder) : "somebody who is unknown";
  throw cni::Error{cni::ErrorCode::host_port_in_use,
                   "host port " + taken.host_side + " is mapped to " + holder + " already",
                   "take another port, or DEL that container"};
}

}  // namespace verbs
