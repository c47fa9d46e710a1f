#include "plugin/verbs/status.hpp"

#include "ipam/pool_ipam.hpp"
#include "ipam/range.hpp"
#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/attachment/pool_status.hpp"
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

/// The families of the configured addresses, if the host forwards their packets. An invalid configuration is rejected
/// later, by check_pool().
std::vector<cni::Family> forwarded_families(const cni::NetworkConfig& config) try {
  const bool forwards = config.mode == cni::Mode::ptp || (config.mode == cni::Mode::bridge && config.bridge.is_gateway);
  std::set<cni::Family> families;
  for (const auto& set : ipam::checked_range_sets(ipam::with_own_blocks(config)))
    families.insert(set.front().subnet.address.family);
  for (const auto& leased : config.ipam.addresses) families.insert(leased.address.address.family);
  return forwards ? std::vector<cni::Family>{families.begin(), families.end()} : std::vector<cni::Family>{};
} catch (const cni::Error&) {
  return {};
}

void check_ability(const cni::Request& request, kernel::Kernel& kernel) {
  const auto& config = request.config;
  const bool needs_rules = config.source_nat.masquerade || config.bridge.check_macs;
  const auto node = kernel.read_node({.netkit = config.pair_kind == cni::PairKind::netkit,
                                      .permission = true,
                                      .nftables = needs_rules,
                                      .sysctls = forwarded_families(config)});
  if (!node.may_change_network) {
    throw cni::not_available("cannot change the network without the capability CAP_NET_ADMIN: run the plugin as root");
  }
  if (!node.lacks_netkit.empty()) {
    throw cni::not_available("Linux " + node.lacks_netkit +
                             " has no netkit: \"device\": \"netkit\" needs 6.7 or newer");
  }
  if (node.sysctl_error) throw cni::not_available(node.sysctl_error->what());
  if (!node.nftables_error) return;
  throw cni::not_available(std::string{"this kernel has no nftables, which ipMasq and macspoofchk need: "} +
                           node.nftables_error->what());
}

}  // namespace

void status(const cni::Request& request, kernel::Kernel& kernel, const std::string& root) {
  check_ability(request, kernel);
  attachment::check_ovs(request.config);
  auto folder = open_writable(root, request.attachment.network);
  attachment::check_pool(request, {.kernel = &kernel, .folder = &folder});
}

}  // namespace verbs
