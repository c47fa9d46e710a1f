#include "plugin/kernel/linux_repairer.hpp"

#include "plugin/cni/chain_member.hpp"
#include "plugin/kernel/linux_chain.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/pair_builder.hpp"
#include "plugin/kernel/reachability.hpp"
#include "plugin/kernel/routing_reader.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/wiring/difference.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <variant>
#include <vector>

namespace kernel {

LinuxRepairer::LinuxRepairer(Kernel& kernel)
    : kernel_(kernel), host_netns_(open_own_namespace()), host_(NETLINK_ROUTE) {}

std::optional<Conflict> LinuxRepairer::repair(const wiring::Wiring& wiring, const AttachmentContext& context) {
  const auto observed = kernel_.observe(wiring, context);
  if (wiring::difference(wiring, observed).empty()) return std::nullopt;
  if (!wiring::is_own_pair(wiring, observed)) {
    throw posix::system_error(ENODEV, "find both ends of the pair of interface " + text::quoted(wiring.host.name));
  }
  if (cni::is_of_chain_member(wiring.attachment)) return repair_member(wiring, context);
  const auto missing = wiring::missing_parts(wiring, observed);
  const Device host_end{observed.host->name, observed.host->index};
  if (context.peer) {
    auto peer = open_socket_inside(context.peer->file.get(), host_netns_.get());
    return PairBuilder{missing, context, host_netns_.get(), peer}.repair(host_end);
  }
  if (auto conflict = PairBuilder{missing, context, host_netns_.get(), host_}.repair(host_end)) {
    name_route(*conflict, observe_routing(host_), host_);
    return conflict;
  }
  return observed.missing_rules.empty() ? std::nullopt : repair_rules(wiring, context);
}

std::optional<Conflict> LinuxRepairer::repair_member(const wiring::Wiring& wiring, const AttachmentContext& context) {
  const auto outcome = LinuxChain{}.map_ports(wiring, context);
  if (const auto* conflict = std::get_if<Conflict>(&outcome)) return *conflict;
  return repair_rules(wiring, context);
}

std::optional<Conflict> LinuxRepairer::repair_rules(const wiring::Wiring& wiring, const AttachmentContext& context) {
  const auto conflict = Netfilter{}.repair(wiring, context.node_instance, host_);
  if (!conflict) return std::nullopt;
  return Conflict{.kind = Conflict::Kind::host_port, .host_port = conflict->host_port, .holder = conflict->holder};
}

std::vector<Conflict> LinuxRepairer::find_conflicts(const wiring::Wiring& wiring, std::uint32_t device_index) {
  std::vector<NetlinkRequest> requests;
  add_reachability_queries(wiring, requests);
  if (requests.empty()) return {};
  auto conflicts = find_unreachable(wiring, device_index, host_.send(requests));
  if (conflicts.empty()) return conflicts;
  const auto routing = observe_routing(host_);
  for (auto& conflict : conflicts) name_route(conflict, routing, host_);
  std::erase_if(conflicts, [&](const Conflict& conflict) { return !is_lasting(conflict, wiring); });
  return conflicts;
}

}  // namespace kernel
