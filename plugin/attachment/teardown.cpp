#include "plugin/attachment/teardown.hpp"

#include "plugin/attachment/gateways.hpp"

#include <algorithm>
#include <utility>

namespace attachment {
namespace {

using wiring::Footprint;

bool holds(const auto& values, const auto& value) { return std::ranges::find(values, value) != values.end(); }

void release_addresses(const Footprint& footprint, state::Folder& folder) {
  for (const auto& address : footprint.addresses) {
    folder.addresses.release(footprint.attachment.network, address, footprint.tag);
  }
}

/// One attachment whose links and elements are gone.
class Forgetting {
 public:
  Forgetting(const Footprint& footprint, const Node& node, BestEffort& effort)
      : footprint_(footprint), node_(node), effort_(effort) {}

  /// The record goes last: it names what a call that is killed here leaves to the next. False where it stays.
  bool run(ipam::Ipam* ipam) {
    const bool is_released = effort_.attempt([&] { release(ipam); });
    cni::lap(node_.stopwatch, "addresses");
    const bool is_forgotten = is_released && effort_.attempt([&] { forget(); });
    cni::lap(node_.stopwatch, "record");
    return is_forgotten;
  }

 private:
  void release(ipam::Ipam* ipam) {
    if (ipam != nullptr) ipam->release();
    if (node_.folder != nullptr) release_addresses(footprint_, *node_.folder);
  }

  void forget() {
    remove_gateways(footprint_, node_);
    if (node_.folder != nullptr) node_.folder->records.forget(footprint_.attachment.network, footprint_.tag);
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
  for (auto& footprint : batch) gateways.push_back(std::exchange(footprint.gateways, {}));
  auto removal = kernel->remove(batch);
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const bool had_none = batch[place].are_gateways_assumed && !holds(removal.linked, place);
    if (!had_none) batch[place].gateways = std::move(gateways[place]);
  }
  return removal;
}

}  // namespace

std::vector<cni::Tag> tear_down(std::vector<Footprint> batch, const Node& node, BestEffort& effort, ipam::Ipam* ipam) {
  const auto removal = remove_from_kernel(batch, node.kernel);
  for (const auto& failure : removal.failures) effort.add(failure);
  std::vector<cni::Tag> left;
  for (const auto place : removal.incomplete) left.push_back(batch[place].tag);
  cni::lap(node.stopwatch, "kernel");
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const auto tag = batch[place].tag;
    const bool has_another = place + 1 < batch.size() && batch[place + 1].tag == tag;
    if (has_another || holds(left, tag)) continue;
    if (!Forgetting{batch[place], node, effort}.run(ipam)) left.push_back(tag);
  }
  return left;
}

}  // namespace attachment
