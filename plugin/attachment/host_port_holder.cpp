#include "plugin/attachment/host_port_holder.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>

namespace attachment {
namespace {

std::optional<std::string> find_network(cni::Tag holder, const state::Folder& folder) {
  const auto networks = folder.records.networks();
  const auto found = std::ranges::find_if(
      networks, [&](const std::string& network) { return folder.records.find(network, holder).has_value(); });
  return found == networks.end() ? std::nullopt : std::optional{*found};
}

std::optional<cni::Attachment> find_attachment(cni::Tag holder, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto network = find_network(holder, folder);
  const auto stored = network ? folder.records.find(*network, holder) : std::nullopt;
  if (stored && stored->record) return stored->record->attachment;
  for (const auto& footprint : kernel.list("")) {
    if (footprint.tag == holder && !footprint.attachment.container.empty()) return footprint.attachment;
  }
  return std::nullopt;
}

std::string name_of(cni::Tag holder, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto attachment = find_attachment(holder, kernel, folder);
  if (!attachment) return "an attachment of which only the tag is known, " + cni::to_string(holder);
  return "interface " + text::quoted(attachment->interface) + " of container " + text::quoted(attachment->container) +
         " of network " + text::quoted(attachment->network);
}

/// Neither on record nor in the kernel: elements are all that is left. Of a torn down attachment those that its record
/// did not list.
bool remove_unrecorded(cni::Tag holder, kernel::Kernel& kernel, state::Folder& folder) {
  const auto lock = folder.locks.try_attachment(holder);
  if (!lock) return false;
  const auto footprint = footprint_of(holder, "");
  if (kernel.find_ends({&footprint, 1}, kernel::Search::full).front()) return false;
  const auto removal = kernel.remove({&footprint, 1});
  return removal.failures.empty();
}

}  // namespace

bool release_stale_holder(const kernel::Conflict& taken, kernel::Kernel& kernel, state::Folder& folder) {
  if (!taken.holder) return false;
  const auto network = find_network(*taken.holder, folder);
  if (network && !reclaim_one(*network, *taken.holder, kernel, folder)) return false;
  return remove_unrecorded(*taken.holder, kernel, folder);
}

void refuse_host_port(const kernel::Conflict& taken, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto holder = taken.holder ? name_of(*taken.holder, kernel, folder) : "an unknown attachment";
  throw cni::Error{cni::ErrorCode::host_port_in_use, "host port " + taken.host_port + " is mapped to " + holder,
                   "take another port, or DEL that container"};
}

}  // namespace attachment
