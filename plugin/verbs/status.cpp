#include "plugin/verbs/status.hpp"

#include "ipam/ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/reclaim.hpp"
#include "plugin/verbs/state_folder.hpp"

#include <system_error>

namespace verbs {
namespace {

[[noreturn]] void not_available(const std::string& reason, const std::string& details = {}) {
  throw cni::Error{cni::ErrorCode::not_available, "no container can be added now: " + reason, details};
}

state::Folder open_writable(const std::string& root, const std::string& network) try {
  auto folder = open_folder(root, network);
  folder.check_writable();
  return folder;
} catch (const std::system_error& error) {
  not_available(error.what());
} catch (const cni::Error& error) {
  not_available(error.message, error.details);
}

bool says_full(const cni::Error& error) {
  return error.code == static_cast<unsigned>(cni::ErrorCode::addresses_exhausted);
}

void check_pool(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder) try {
  ipam::choose(request, &folder)->check_ready();
} catch (const cni::Error& error) {
  const auto is_fine = [&] {
    return request.config.ready_when_full || has_reclaimable(request.attachment.network, kernel, folder);
  };
  if (!says_full(error) || !is_fine()) throw_not_available(error);
}

/// As far as the configuration tells: port mappings come with each ADD.
bool wants_rules(const cni::NetworkConfig& config) { return config.source_nat.masquerade || config.bridge.check_macs; }

void check_rules(kernel::Kernel& kernel) try { kernel.require_rules(); } catch (const std::system_error& error) {
  not_available(std::string{"this kernel has no nftables, which ipMasq and macspoofchk need: "} + error.what());
}

}  // namespace

void throw_not_available(const cni::Error& error) {
  if (says_full(error)) not_available(error.message, error.details);
  throw error;
}

void status(const cni::Request& request, kernel::Kernel& kernel, const std::string& root) {
  if (!kernel.may_change_network()) {
    not_available("the plugin may not change the network: it needs the capability CAP_NET_ADMIN (run it as root)");
  }
  if (wants_rules(request.config)) check_rules(kernel);
  auto folder = open_writable(root, request.attachment.network);
  check_pool(request, kernel, folder);
}

}  // namespace verbs
