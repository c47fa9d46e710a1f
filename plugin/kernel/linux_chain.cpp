#include "plugin/kernel/linux_chain.hpp"

#include "plugin/kernel/ingress_filters.hpp"
#include "plugin/kernel/link_deletion.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/qdiscs.hpp"
#include "plugin/kernel/rate_limits.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;

Device device_of(const Link& link) { return {link.name, link.index}; }

bool may_belong_to(const Link& link, cni::Tag attachment) {
  return link.kind == "ifb" && (link.alias.empty() || cni::tag_of_alias(link.alias) == attachment);
}

std::string fault_of_limit(const std::string& device, const std::optional<wiring::RateLimit>& found) {
  return (found ? "other rate limit on " : "no rate limit on ") + text::quoted(device);
}

void compare(const std::optional<wiring::RateLimit>& wanted, const std::optional<wiring::RateLimit>& found,
             const std::string& device, Faults& faults) {
  if (!wanted || (found && wiring::is_same_limit(*wanted, *found))) return;
  faults.push_back(fault_of_limit(device, found));
}

}  // namespace

LinuxChain::LinuxChain() : host_netns_(open_own_namespace()), host_(NETLINK_ROUTE) { nl_debug = 0; }

Netfilter& LinuxChain::netfilter() {
  if (!netfilter_) netfilter_.emplace();
  return *netfilter_;
}

NftSession& LinuxChain::session() {
  if (!session_) session_.emplace();
  return *session_;
}

void LinuxChain::run_inside(const Namespace& container, const std::function<void(NetlinkSocket&)>& action) {
  kernel::run_inside(container.file.get(), host_netns_.get(), [&] {
    NetlinkSocket socket{NETLINK_ROUTE};
    action(socket);
  });
}

/// The kernel assigns an ID to the container's namespace when it reports a link into it, so the link is requested
/// before the ID.
std::optional<ChainedInterface> LinuxChain::find_interface(const Namespace& container, const std::string& name) {
  auto inside = open_socket_inside(container.file.get(), host_netns_.get());
  auto link = first_link(inside.send_or_throw(get_link(name)));
  if (!link) return std::nullopt;
  ChainedInterface found{.link = std::move(*link)};
  if (!is_pair_kind(found.link.kind) || found.link.peer_index == 0) return found;
  auto queries = batch_of(get_link(found.link.peer_index));
  queries.push_back(get_nsid(container));
  const auto answers = host_.send_or_throw(queries);
  auto host = first_link(answers);
  if (!host || !is_pair_kind(host->kind) || host->peer_index != found.link.index) return found;
  const bool is_same = is_same_namespace(container.file.get(), host_netns_.get());
  const bool is_peer = std::ranges::any_of(
      answers, [&](const std::string& message) { return host->peer_nsid && find_nsid(message) == host->peer_nsid; });
  if (is_peer || (is_same && !host->peer_nsid)) found.host = std::move(*host);
  return found;
}

std::optional<Link> LinuxChain::find_host_link(const std::string& name) {
  return first_link(host_.send_or_throw(get_link(name)));
}

std::optional<Link> LinuxChain::find_route_device(const cni::IpAddress& address) {
  for (const auto& message : host_.send(batch_of(get_route(address))).messages) {
    const auto route = find_route(message);
    if (route && route->device_index != 0) return first_link(host_.send_or_throw(get_link(route->device_index)));
  }
  return std::nullopt;
}

/// The guard against packets for 127.0.0.0/8 exists before route_localnet is set, in nftables and on the link.
BuildOutcome LinuxChain::map_ports(const wiring::Wiring& wiring, const AttachmentContext& context) {
  if (context.is_new_instance) netfilter().delete_stale_tables(context.node_instance);
  const auto taken = netfilter().prepare(wiring, context.node_instance, context.takes_port_over);
  if (taken) return to_conflict(*taken);
  open_loopback(wiring);
  const auto rules = netfilter().build(wiring, context.node_instance, host_, context.takes_port_over);
  if (rules.conflict) return to_conflict(*rules.conflict);
  return Built{.has_missing_rules = rules.has_missing_rules};
}

/// All ports of a bridge are guarded when its first port is mapped, and those of later containers with their own.
void LinuxChain::guard_ports(const wiring::Wiring& wiring, Requests& requests) {
  const auto side = first_link(host_.send_or_throw(get_link(wiring::host_side_interface(wiring))));
  if (const auto host = first_link(host_.send_or_throw(get_link(wiring.host.name))))
    guard_loopback(device_of(*host), requests);
  if (!wiring.bridge || !side || side->is_own_route_localnet) return;
  for (const auto& message : host_.dump(list_ports(side->index))) {
    const auto link = find_link(message);
    if (link && link->master_index == side->index && link->name != wiring.host.name) {
      guard_loopback(device_of(*link), requests);
    }
  }
}

/// An interface may refuse a filter, if the sources of its packets are checked: that check drops the same packets.
void LinuxChain::open_loopback(const wiring::Wiring& wiring) {
  const auto name = wiring::host_side_interface(wiring);
  const bool maps_ipv4 = wiring::maps_loopback(wiring, cni::Family::ipv4);
  const bool maps_ipv6 = wiring::maps_loopback(wiring, cni::Family::ipv6);
  if (name.empty() || (!maps_ipv4 && !maps_ipv6)) return;
  Requests guards;
  if (maps_ipv4) guard_ports(wiring, guards);
  if (!guards.empty()) host_.send(guards);
  const auto link = first_link(host_.send_or_throw(get_link(name)));
  if (!link) throw posix::system_error(ENODEV, "find interface " + text::quoted(name));
  Requests requests;
  if (maps_ipv4) {
    requests.push_back(wiring.bridge ? set_route_localnet_of_bridge(name) : set_route_localnet(name, true));
  }
  if (maps_ipv6) requests.push_back(add_loopback_route(device_of(*link)));
  host_.send_or_throw(requests);
}

void LinuxChain::close_loopback(const wiring::Wiring& wiring) {
  if (wiring.bridge || wiring.host.name.empty()) return;
  const auto link = first_link(host_.send_or_throw(get_link(wiring.host.name)));
  if (!link || !link->route_localnet || link->mac != wiring.host.mac) return;
  Requests requests;
  requests.push_back(set_route_localnet(link->name, false));
  requests.push_back(delete_loopback_route(device_of(*link)));
  host_.send_or_throw(requests);
}

bool LinuxChain::has_elements(cni::Tag attachment) {
  const auto query = batch_of(get_nft_element(owner_element(NftFamily::inet, attachment)));
  return !session().socket().send(query).messages.empty();
}

Faults LinuxChain::missing_rules(const wiring::Wiring& wiring) {
  auto faults = netfilter().missing(wiring);
  const auto name = wiring::host_side_interface(wiring);
  if (name.empty() || !wiring::maps_loopback(wiring, cni::Family::ipv4)) return faults;
  const auto link = first_link(host_.send_or_throw(get_link(name)));
  if (!link || !link->route_localnet) faults.push_back("route_localnet of " + text::quoted(name) + " is off");
  return faults;
}

std::optional<Link> LinuxChain::limit_rates(const wiring::Wiring& wiring) {
  Requests requests;
  std::optional<Link> ifb;
  if (wiring.egress_limit) {
    create_ifb(wiring, requests);
    ifb = find_link_named(ifb_name(wiring), host_.send_or_throw(requests));
    if (!ifb) throw posix::system_error(ENODEV, "find " + text::quoted(ifb_name(wiring)) + " after its creation");
    requests.clear();
  }
  const auto host = first_link(host_.send_or_throw(get_link(wiring.host.name)));
  if (!host) throw posix::system_error(ENODEV, "find interface " + text::quoted(wiring.host.name));
  add_rate_limits(wiring, device_of(*host), ifb ? device_of(*ifb) : Device{}, requests);
  host_.send_or_throw(requests);
  return ifb;
}

Faults LinuxChain::missing_limits(const wiring::Wiring& wiring) {
  wiring::Observed observed;
  const auto host = first_link(host_.send_or_throw(get_link(wiring.host.name)));
  if (!host) return {"interface " + text::quoted(wiring.host.name) + " is missing"};
  observed.host = wiring::ObservedEnd{.index = host->index, .name = host->name};
  observe_limits(host_, wiring, observed);
  Faults faults;
  compare(wiring.ingress_limit, observed.ingress_limit, wiring.host.name, faults);
  if (!wiring.egress_limit) return faults;
  compare(wiring.egress_limit, observed.ifb ? observed.ifb->limit : std::nullopt, ifb_name(wiring), faults);
  if (observed.ifb && (!observed.ifb->is_up || observed.redirected_to != observed.ifb->index)) {
    faults.push_back("packets of " + text::quoted(wiring.host.name) + " are not redirected to " +
                     text::quoted(ifb_name(wiring)));
  }
  return faults;
}

/// The ingress qdisc stays if it has the filter that guards 127.0.0.0/8: it is deleted with the interface.
void LinuxChain::remove_rates(const wiring::Wiring& wiring, const std::vector<std::string>& ifbs) {
  Requests queries;
  for (const auto& name : ifbs) queries.push_back(get_link(name));
  if (!wiring.host.name.empty()) queries.push_back(get_link(wiring.host.name));
  const auto answers = host_.send_or_throw(queries);
  Requests deletions;
  bool is_of_reference = false;
  for (const auto& name : ifbs) {
    const auto ifb = find_link_named(name, answers);
    if (!ifb || !may_belong_to(*ifb, cni::tag_of(wiring.attachment))) continue;
    deletions.push_back(delete_link(ifb->index, name));
    is_of_reference = is_of_reference || ifb->alias.empty();
  }
  const auto host = wiring.host.name.empty() ? std::nullopt : find_link_named(wiring.host.name, answers);
  if (host) {
    Requests limits;
    limits.push_back(delete_root_qdisc(device_of(*host)));
    limits.push_back(is_of_reference ? delete_ingress_qdisc(device_of(*host)) : delete_redirection(device_of(*host)));
    host_.send_or_throw(limits);
  }
  if (!deletions.empty()) LinkDeletion{host_, deletions, -1}.run_or_throw();
}

bool LinuxChain::has_rules(const ReferenceRules& rules) { return exist(rules, session()); }

/// The family of sockets may be missing in a kernel without netfilter.
void LinuxChain::remove_rules(const ReferenceRules& rules) try {
  remove(rules, session());
} catch (const std::system_error& error) {
  if (error.code().value() != EPROTONOSUPPORT) throw;
}

}  // namespace kernel
