#include "plugin/attachment/conflict_holder.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/cni/chain_member.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/text/quoted.hpp"

namespace attachment {
namespace {

std::string describe(const cni::Attachment& attachment) {
  return "interface " + text::quoted(cni::without_member(attachment).interface) + " of container " +
         text::quoted(attachment.container) + " of network " + text::quoted(attachment.network);
}

std::string describe(const state::Record& record) {
  const auto pod = record.pod.empty() ? std::string{} : ", pod " + text::quoted(record.pod);
  return describe(record.attachment) + pod;
}

std::optional<cni::Attachment> find_unrecorded(cni::Tag holder, kernel::Kernel& kernel) {
  for (const auto& footprint : kernel.list("")) {
    if (footprint.tag == holder && !footprint.attachment.container.empty()) return footprint.attachment;
  }
  return std::nullopt;
}

std::string describe(cni::Tag holder, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto network = folder.records.find_network(holder);
  const auto stored = network ? folder.records.find(*network, holder) : std::nullopt;
  if (stored && stored->record) return describe(*stored->record);
  const auto attachment = find_unrecorded(holder, kernel);
  return attachment ? describe(*attachment) : "the attachment with tag " + cni::to_string(holder);
}

/// Removes the nftables elements of an attachment without a record and without a link. After a teardown these are the
/// elements that the record did not contain.
bool remove_unrecorded_rules(cni::Tag holder, kernel::Kernel& kernel, state::Folder& folder) {
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
  const auto network = folder.records.find_network(*taken.holder);
  if (network && !reclaim_one(*network, *taken.holder, kernel, folder)) return false;
  return remove_unrecorded_rules(*taken.holder, kernel, folder);
}

void throw_in_use(const kernel::Conflict& taken, kernel::Kernel& kernel, const state::Folder& folder) {
  const auto holder = taken.holder ? describe(*taken.holder, kernel, folder) : "an unknown attachment";
  if (taken.kind == kernel::Conflict::Kind::gateway) {
    throw cni::Error{cni::ErrorCode::address_in_use,
                     "gateway " + cni::to_string(taken.address) + " is an address of " + holder,
                     "use another gateway, or delete that attachment (DEL)"};
  }
  throw cni::Error{cni::ErrorCode::host_port_in_use, "host port " + taken.host_port + " is mapped to " + holder,
                   "use another host port, or delete that attachment (DEL)"};
}

void check_new_gateway(const cni::Request& request, const cni::IpAddress& gateway, kernel::Kernel& kernel,
                       state::Folder& folder) {
  const auto& network = request.attachment.network;
  auto holder = folder.bridges.holder(cni::bridge_segment_of(request.config), gateway);
  if (const auto own = folder.addresses.holder(network, gateway)) holder = state::BridgeHolder{network, *own};
  if (!holder || reclaim_one(holder->network, holder->tag, kernel, folder)) return;
  throw_in_use({.kind = kernel::Conflict::Kind::gateway, .address = gateway, .holder = holder->tag}, kernel, folder);
}

}  // namespace attachment
