#include "plugin/veth_node/taken_addresses.hpp"

#include "plugin/state/folder.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace veth_node {
namespace {

void add(const state::Folder& folder, std::set<cni::IpAddress>& taken) {
  for (const auto& network : folder.records.networks()) {
    for (const auto& address : folder.addresses.list_addresses(network)) taken.insert(address);
  }
}

}  // namespace

std::set<cni::IpAddress> read_taken_addresses(const std::string& state_root) {
  std::set<cni::IpAddress> taken;
  const auto folder = state::Folder::find(state_root);
  if (!folder) return taken;
  add(*folder, taken);
  for (const auto& root : folder->data_dirs()) {
    if (const auto other = state::Folder::find(root)) add(*other, taken);
  }
  return taken;
}

std::size_t count_taken(const std::vector<cni::Prefix>& prefixes, const std::set<cni::IpAddress>& taken) {
  std::size_t most = 0;
  for (const auto& prefix : prefixes) {
    const auto first = taken.lower_bound(cni::first_address(prefix));
    const auto end = taken.upper_bound(cni::last_address(prefix));
    most = std::max(most, static_cast<std::size_t>(std::distance(first, end)));
  }
  return most;
}

}  // namespace veth_node
