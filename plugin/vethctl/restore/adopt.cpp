#include "plugin/vethctl/restore/adopt.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/vethctl/inspect/held_addresses.hpp"

namespace restore {

/// An address that somebody takes between the look and the taking gives back the others.
std::optional<std::string> adopt(const state::Record& record, kernel::Kernel& kernel, state::Folder& folder) {
  const auto& network = record.attachment.network;
  const auto tag = cni::tag_of(record.attachment);
  const auto lock = folder.locks.network(network);
  folder.records.write_pending(record);
  for (const auto& address : record.addresses) folder.addresses.take(network, address, tag);
  auto lost = inspect::held_by_another(record, folder);
  if (lost) {
    for (const auto& address : record.addresses) folder.addresses.release(network, address, tag);
    folder.records.forget(network, tag);
    return lost;
  }
  attachment::claim_gateways(attachment::footprint_of(record), kernel, folder);
  folder.records.mark_live(record.attachment, record.ends);
  return std::nullopt;
}

}  // namespace restore
