#include "plugin/attachment/teardown.hpp"

#include "plugin/attachment/bridge_change.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/attachment/ovs_ports.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace attachment {
namespace {

using wiring::Footprint;

bool contains(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

/// Removes the state of one attachment after its links and elements.
class StateRemoval {
 public:
  StateRemoval(const Footprint& footprint, const Node& node, BestEffort& effort)
      : footprint_(footprint), node_(node), effort_(effort) {}

  /// Removes the record last: if the call is killed before, the record still lists what the next call has to remove.
  /// False if the record is kept.
  bool run(ipam::Ipam* ipam) {
    const bool is_released = effort_.attempt([&] { release(ipam); });
    cni::lap(node_.stopwatch, "addresses");
    const bool is_removed = is_released && effort_.attempt([&] { remove_record(); });
    cni::lap(node_.stopwatch, "record");
    return is_removed;
  }

 private:
  void release(ipam::Ipam* ipam) {
    if (ipam != nullptr) ipam->release();
    if (node_.folder == nullptr) return;
    auto& folder = *node_.folder;
    for (const auto& address : footprint_.addresses) {
      folder.addresses.release(footprint_.attachment.network, address, footprint_.tag, [&] { release_claim(address); });
    }
  }

  /// The record of an ADD that was killed early has no wiring, and so no bridge.
  void release_claim(const cni::IpAddress& address) {
    auto& bridges = node_.folder->bridges;
    const auto& bridge = footprint_.bridge_segment;
    if (!bridge) return bridges.release_on_each(address, footprint_.attachment.network);
    if (!bridge->empty()) bridges.release(*bridge, address);
  }

  void remove_record() {
    remove_gateways(footprint_, node_);
    revert_bridge_change(footprint_, node_);
    if (node_.folder != nullptr) node_.folder->records.remove(footprint_.attachment.network, footprint_.tag);
  }

  const Footprint& footprint_;
  const Node& node_;
  BestEffort& effort_;
};

bool is_in_kernel(const Footprint& footprint) {
  return footprint.may_have_pair || footprint.may_have_ifb || footprint.may_have_rules;
}

kernel::Removal remove_from_kernel(std::vector<Footprint>& batch, kernel::Kernel* kernel) {
  if (kernel == nullptr || std::ranges::none_of(batch, is_in_kernel)) return {};
  std::vector<std::vector<cni::IpAddress>> gateways;
  std::vector<wiring::BridgeChange> changes;
  for (auto& footprint : batch) {
    gateways.push_back(std::exchange(footprint.gateways, {}));
    changes.push_back(std::exchange(footprint.bridge_change, {}));
  }
  auto removal = kernel->remove(batch);
  for (std::size_t index = 0; index < batch.size(); ++index) {
    batch[index].bridge_change = std::move(changes[index]);
    const bool had_no_gateways = batch[index].are_gateways_assumed && !contains(removal.with_links, index);
    if (!had_no_gateways) batch[index].gateways = std::move(gateways[index]);
  }
  return removal;
}

/// Also of an ADD that failed before it has added elements: the chains are created before the pair.
bool may_have_masquerades(const Footprint& footprint) {
  return footprint.partial_wiring ? !footprint.partial_wiring->masquerades.empty() : footprint.may_have_rules;
}

void remove_unused_chains(const std::string& network, kernel::Kernel& kernel) {
  auto network_only = lease_footprint({}, network);
  network_only.is_last_of_network = true;
  remove_or_throw(network_only, kernel);
}

/// After the records are removed: of simultaneous calls for the last attachments of a network, one finds no record.
void remove_chains_of_unused_networks(const std::vector<Footprint>& batch, const Node& node, BestEffort& effort) {
  if (node.kernel == nullptr || node.folder == nullptr) return;
  std::set<std::string> networks;
  for (const auto& footprint : batch) {
    if (may_have_masquerades(footprint)) networks.insert(footprint.attachment.network);
  }
  for (const auto& network : networks) {
    effort.attempt([&] {
      if (node.folder->records.is_unused(network)) remove_unused_chains(network, *node.kernel);
    });
  }
}

}  // namespace

std::vector<cni::Tag> tear_down(std::vector<Footprint> batch, const Node& node, BestEffort& effort, ipam::Ipam* ipam) {
  remove_ovs_ports(batch, node, effort);
  const auto removal = remove_from_kernel(batch, node.kernel);
  for (const auto& failure : removal.failures) effort.add(failure);
  std::vector<cni::Tag> left;
  for (const auto index : removal.incomplete) left.push_back(batch[index].tag);
  cni::lap(node.stopwatch, "kernel");
  for (std::size_t index = 0; index < batch.size(); ++index) {
    const auto tag = batch[index].tag;
    const bool has_more = index + 1 < batch.size() && batch[index + 1].tag == tag;
    if (has_more || contains(left, tag)) continue;
    if (!StateRemoval{batch[index], node, effort}.run(ipam)) left.push_back(tag);
  }
  remove_chains_of_unused_networks(batch, node, effort);
  return left;
}

void tear_down_or_throw(std::vector<Footprint> batch, const Node& node, ipam::Ipam* ipam) {
  BestEffort effort;
  tear_down(std::move(batch), node, effort, ipam);
  effort.finish();
}

void remove_or_throw(const Footprint& footprint, kernel::Kernel& kernel) {
  const auto removal = kernel.remove({&footprint, 1});
  if (!removal.failures.empty()) throw removal.failures.front();
}

}  // namespace attachment
