#include "plugin/state/bridges.hpp"

#include "plugin/state/directory_reader.hpp"
#include "plugin/state/layout.hpp"

#include <algorithm>

namespace state {
namespace {

std::string directory_of(std::string_view bridge) { return std::string{bridges_name} + '/' + std::string{bridge}; }

std::string claim_of(std::string_view bridge, const cni::IpAddress& address) {
  return directory_of(bridge) + '/' + cni::to_string(address);
}

}  // namespace

/// A claim of the own network is left from a killed DEL, or is that of another attachment, which `addresses` refuses. A
/// stale claim of another network is replaced under a lock, because of two networks that replace it only one may
/// succeed. Both have taken the address before, so the second one finds a valid claim.
bool Bridges::claim(std::string_view bridge, const cni::IpAddress& address, const std::string& network,
                    const Locks& locks) {
  const auto name = claim_of(bridge, address);
  const auto make = [&] { return directory_->create_symlink(network, name, "claim the address on the bridge"); };
  if (make() || directory_->symlink_target(name) == network) return true;
  const auto lock = locks.gateways();
  if (holder(bridge, address)) return false;
  directory_->remove(name);
  return make();
}

void Bridges::release(std::string_view bridge, const cni::IpAddress& address) {
  directory_->remove(claim_of(bridge, address));
}

void Bridges::release_on_each(const cni::IpAddress& address, const std::string& network) {
  const auto opened = directory_->find_directory(std::string{bridges_name});
  if (!opened) return;
  for (const auto& bridge : names_in(opened->get())) {
    if (directory_->symlink_target(claim_of(bridge, address)) == network) release(bridge, address);
  }
}

std::optional<BridgeHolder> Bridges::holder(std::string_view bridge, const cni::IpAddress& address) const {
  const auto network = directory_->symlink_target(claim_of(bridge, address));
  if (!network || network->empty()) return std::nullopt;
  const auto tag = addresses_.holder(*network, address);
  return tag ? std::optional{BridgeHolder{*network, *tag}} : std::nullopt;
}

std::vector<cni::IpAddress> Bridges::held_by_others(std::string_view bridge, const std::string& network) const {
  auto addresses = addresses_in(*directory_, directory_of(bridge));
  std::erase_if(addresses, [&](const cni::IpAddress& address) {
    const auto found = holder(bridge, address);
    return !found || found->network == network;
  });
  return addresses;
}

}  // namespace state
