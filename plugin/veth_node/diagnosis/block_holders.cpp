#include "plugin/veth_node/diagnosis/block_holders.hpp"

#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"

#include <algorithm>
#include <set>

namespace diagnosis {
namespace {

bool contains(const std::vector<cni::Prefix>& prefixes, const cni::IpAddress& address) {
  return std::ranges::any_of(prefixes, [&](const cni::Prefix& prefix) { return cni::contains(prefix, address); });
}

std::string holder_of(const state::Folder& folder, const std::string& network, const state::TakenAddress& taken) {
  const auto stored = taken.holder ? folder.records.find(network, *taken.holder) : std::nullopt;
  if (stored && stored->record) return inspect::name_of(stored->record->attachment);
  return "address " + cni::to_string(taken.address) + " of network " + network;
}

}  // namespace

std::vector<std::string> read_holders(const std::vector<cni::Prefix>& prefixes, const std::string& state_root) {
  std::set<std::string> holders;
  for (const auto& folder : inspect::open_folders(state_root)) {
    for (const auto& network : folder.records.networks()) {
      for (const auto& taken : folder.addresses.list(network)) {
        if (contains(prefixes, taken.address)) holders.insert(holder_of(folder, network, taken));
      }
    }
  }
  return {holders.begin(), holders.end()};
}

}  // namespace diagnosis
