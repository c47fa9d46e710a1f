#include "plugin/verbs/status.hpp"

#include "ipam/ipam.hpp"
#include "ipam/range.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"

#include <set>
#include <system_error>
#include <vector>

namespace verbs {
namespace {

state::Folder open_writable(const std::string& root, const std::string& network) try {
  auto folder = attachment::open_folder(root, network);
  folder.check_writable();
  return folder;
} catch (const std::system_error& error) {
  throw cni::not_available(error.what());
} catch (const cni::Error& error) {
  throw cni::not_available(error.message, error.details);
}

bool is_full(const cni::Error& error) {
  return error.code == static_cast<unsigned>(cni::ErrorCode::addresses_exhausted);
}

void check_pool(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder) try {
  ipam::choose(request, &folder)->check_ready();
} catch (const cni::Error& error) {
  const auto is_fine = [&] {
    return request.config.ready_when_full ||
           !attachment::find_stale(request.attachment.network, kernel, folder).empty();
  };
  if (!is_full(error)) throw;
  if (!is_fine()) throw cni::not_available(error.message, error.details);
}

/// As far as the configuration tells: port mappings come with each ADD.
bool wants_rules(const cni::NetworkConfig& config) { return config.source_nat.masquerade || config.bridge.check_macs; }

/// Of the addresses that the configuration names and whose packets the host forwards. A configuration that is not valid
/// is refused with its pool.
std::vector<cni::Family> forwarded_families(const cni::NetworkConfig& config) try {
  const bool forwards = config.mode == cni::Mode::ptp || (config.mode == cni::Mode::bridge && config.bridge.is_gateway);
  std::set<cni::Family> families;
  for (const auto& set : ipam::checked_range_sets(config)) families.insert(set.front().subnet.address.family);
  for (const auto& leased : config.ipam.addresses) families.insert(leased.address.address.family);
  return forwards ? std::vector<cni::Family>{families.begin(), families.end()} : std::vector<cni::Family>{};
} catch (const cni::Error&) {
  return {};
}

void check_ability(const cni::Request& request, kernel::Kernel& kernel) {
  const bool needs_rules = wants_rules(request.config);
  const auto node =
      kernel.read_node({.permission = true, .nftables = needs_rules, .settings = forwarded_families(request.config)});
  if (!node.may_change_network) {
    throw cni::not_available(
        "the plugin may not change the network: it needs the capability CAP_NET_ADMIN (run it as root)");
  }
  if (node.settings_fault) throw cni::not_available(node.settings_fault->what());
  if (!node.nftables_fault) return;
  throw cni::not_available(std::string{"this kernel has no nftables, which ipMasq and macspoofchk need: "} +
                           node.nftables_fault->what());
}

}  // namespace

void status(const cni::Request& request, kernel::Kernel& kernel, const std::string& root) {
  check_ability(request, kernel);
  auto folder = open_writable(root, request.attachment.network);
  check_pool(request, kernel, folder);
}

}  // namespace verbs
