#include "plugin/verbs/recorded_link.hpp"

namespace verbs {

bool is_imported(const state::Record& record) {
  return record.host_interface && record.host_interface->index != 0 &&
         record.host_interface->name != cni::host_interface_name(cni::tag_of(record.attachment));
}

std::optional<kernel::HostLink> find_recorded_link(const state::Record& record, kernel::Kernel& kernel) {
  if (!is_imported(record)) return kernel.find_host_link(record.attachment);
  const kernel::HostLink link{.index = record.host_interface->index, .name = record.host_interface->name, .alias = ""};
  return kernel.exists(link) ? std::optional{link} : std::nullopt;
}

void remove_imported_link(const state::Record& record, kernel::Kernel& kernel) {
  if (const auto link = find_recorded_link(record, kernel)) kernel.remove_links({*link});
}

}  // namespace verbs
