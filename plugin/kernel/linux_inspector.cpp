#include "plugin/kernel/linux_inspector.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/end_search.hpp"
#include "plugin/kernel/firewall.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/reachability.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/routing_reader.hpp"
#include "plugin/kernel/sysctls.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <map>

namespace kernel {

LinuxInspector::LinuxInspector(Kernel& verbs_kernel)
    : Inspector(verbs_kernel), host_netns_(open_own_namespace()), host_(NETLINK_ROUTE) {}

std::vector<HostLink> LinuxInspector::host_links() {
  std::vector<HostLink> links;
  for (const auto& message : host_.dump(list_links())) {
    const auto link = find_link(message);
    if (link && is_pair_kind(link->kind) && link->alias.starts_with(cni::alias_start))
      links.push_back({link->index, link->name, link->alias});
  }
  return links;
}

std::optional<HostLink> LinuxInspector::find_host_link(const wiring::Footprint& footprint) {
  for (const auto& [netns, link] : find_host_links({&footprint, 1}, host_, Search::full)) {
    if (is_pair_kind(link.kind)) return HostLink{link.index, link.name, link.alias};
  }
  return std::nullopt;
}

wiring::ObservedRules LinuxInspector::find_rules(cni::Tag attachment) try {
  return Netfilter{}.find(attachment);
} catch (const std::system_error& error) {
  if (error.code().value() == EPROTONOSUPPORT) return {};
  throw;
}

std::optional<wiring::ObservedEnd> LinuxInspector::find_interface(const std::string& name, const Namespace& netns) {
  auto socket_inside = open_socket_inside(netns.file.get(), host_netns_.get());
  return observe_end(socket_inside, name);
}

std::optional<Counters> LinuxInspector::find_counters(const std::string& interface, const Namespace& netns) {
  auto socket_inside = open_socket_inside(netns.file.get(), host_netns_.get());
  for (const auto& message : socket_inside.send_or_throw(get_link_with_counters(interface))) {
    if (const auto counters = kernel::find_counters(message)) return counters;
  }
  return std::nullopt;
}

namespace {

std::optional<Namespace> find_openable_namespace(const std::string& path) try {
  return open_network_namespace(path);
} catch (const cni::Error&) {
  return std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

/// The namespaces at these paths by the IDs (nsid) that the namespace of the socket has for them. A namespace that
/// cannot be opened because this process has no free descriptors is skipped.
std::map<std::int32_t, Namespace> namespaces_by_nsid(NetlinkSocket& socket, const std::vector<std::string>& paths) {
  std::map<std::int32_t, Namespace> namespaces;
  for (const auto& path : paths) {
    auto opened = find_openable_namespace(path);
    if (!opened) continue;
    for (const auto& message : socket.send_or_throw(get_nsid(*opened))) {
      if (const auto nsid = find_nsid(message)) namespaces.emplace(*nsid, std::move(*opened));
    }
  }
  return namespaces;
}

std::optional<Link> find_link_by_index(NetlinkSocket& socket, std::uint32_t index) {
  return index == 0 ? std::nullopt : first_link(socket.send_or_throw(get_link(index)));
}

std::optional<std::int32_t> nsid_of(NetlinkSocket& socket, const Namespace& other) {
  for (const auto& message : socket.send_or_throw(get_nsid(other))) {
    if (const auto nsid = find_nsid(message)) return nsid;
  }
  return std::nullopt;
}

/// Whether each link refers to the other by ifindex and namespace.
bool is_other_end(NetlinkSocket& socket, const Link& end, const Link& link, const Namespace& host) {
  const auto host_nsid = nsid_of(socket, host);
  return is_pair_kind(end.kind) && end.peer_index == link.index && host_nsid && end.peer_nsid == host_nsid;
}

}  // namespace

/// The kernel assigns an ID to a namespace when it reports a link into it (rtnl_fill_link_netnsid() in
/// net/core/rtnetlink.c), so all links are requested before the IDs.
std::vector<PeerLocation> LinuxInspector::locate_peers(const std::vector<HostLink>& links,
                                                       const std::vector<std::string>& namespaces) {
  std::vector<std::optional<Link>> found;
  found.reserve(links.size());
  for (const auto& link : links) found.push_back(find_link_by_index(host_, link.index));
  const auto known = namespaces_by_nsid(host_, namespaces);
  const Namespace host{open_own_namespace(), "/proc/self/ns/net"};
  std::vector<PeerLocation> all;
  for (const auto& link : found) {
    auto& location = all.emplace_back();
    if (!link) continue;
    const auto bridge = link->port ? find_link_by_index(host_, link->master_index) : std::nullopt;
    if (bridge) location.bridge = bridge->name;
    const auto netns = link->peer_nsid ? known.find(*link->peer_nsid) : known.end();
    if (netns == known.end()) continue;
    auto socket_inside = open_socket_inside(netns->second.file.get(), host_netns_.get());
    const auto end = find_link_by_index(socket_inside, link->peer_index);
    if (end && is_other_end(socket_inside, *end, *link, host)) location.other_end = {netns->second.path, end->name};
  }
  return all;
}

std::vector<cni::Prefix> LinuxInspector::addresses(const Namespace& netns) {
  auto socket_inside = open_socket_inside(netns.file.get(), host_netns_.get());
  constexpr std::uint32_t any_interface = 0;
  return observe_addresses(socket_inside, "any interface", any_interface);
}

Routing LinuxInspector::read_routing(const Namespace& netns) {
  auto socket_inside = open_socket_inside(netns.file.get(), host_netns_.get());
  return observe_routing(socket_inside);
}

std::vector<Conflict> LinuxInspector::find_unreachable(const wiring::Wiring& wanted, std::uint32_t device_index,
                                                       const Routing& host) {
  std::vector<NetlinkRequest> requests;
  add_reachability_queries(wanted, requests);
  if (requests.empty()) return {};
  auto conflicts = kernel::find_unreachable(wanted, device_index, host_.send(requests));
  for (auto& conflict : conflicts) name_route(conflict, host, host_);
  return conflicts;
}

/// The error of a packet that the filter drops is EXDEV, since Linux 6.14 EINVAL (plugin/kernel/README.md, "Addresses,
/// routes and neighbours").
bool LinuxInspector::passes_rp_filter(const IncomingPacket& packet) {
  const auto answers = host_.send(batch_of(get_input_route(packet.source, packet.destination, packet.interface)));
  if (answers.refusals.empty()) return true;
  const auto error = answers.refusals.front().error;
  return error != EXDEV && error != EINVAL;
}

std::vector<std::string> LinuxInspector::list_ignoring_router_advertisements() {
  return kernel::list_ignoring_router_advertisements(host_);
}

Firewall LinuxInspector::observe_firewall() {
  return {.chains = observe_dropping_chains(), .has_legacy_rules = has_legacy_tables()};
}

}  // namespace kernel
