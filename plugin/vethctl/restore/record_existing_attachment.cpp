#include "plugin/vethctl/restore/record_existing_attachment.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/vethctl/inspect/lease_conflicts.hpp"

namespace restore {

/// If another attachment takes one of the addresses meanwhile, the others are released again.
std::optional<std::string> record_existing_attachment(const state::Record& record, kernel::Kernel& kernel,
                                                      state::Folder& folder) {
  const auto& network = record.attachment.network;
  const auto tag = cni::tag_of(record.attachment);
  const auto lock = folder.locks.network(network);
  folder.records.write_pending(record);
  for (const auto& address : record.addresses) folder.addresses.take(network, address, tag);
  auto conflict = inspect::find_lease_conflict(record, folder);
  if (conflict) {
    for (const auto& address : record.addresses) folder.addresses.release(network, address, tag);
    folder.records.remove(network, tag);
    return conflict;
  }
  attachment::claim_gateways(attachment::footprint_of(record), kernel, folder);
  folder.records.mark_live(record.attachment, record.ends);
  return std::nullopt;
}

}  // namespace restore
