#include "plugin/kernel/linux_inspector.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/end_search.hpp"
#include "plugin/kernel/firewall.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/routes.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <map>

namespace kernel {

LinuxInspector::LinuxInspector(Kernel& verbs_kernel)
    : Inspector(verbs_kernel), home_(open_own_namespace()), host_(NETLINK_ROUTE) {}

std::vector<HostLink> LinuxInspector::host_links() {
  std::vector<HostLink> links;
  for (const auto& message : host_.dump(list_links("veth"))) {
    const auto link = find_link(message);
    if (link && link->alias.starts_with(cni::alias_beginning)) links.push_back({link->index, link->name, link->alias});
  }
  return links;
}

std::optional<HostLink> LinuxInspector::find_host_link(const wiring::Footprint& footprint) {
  for (const auto& [place, link] : find_host_links({&footprint, 1}, host_, Search::full)) {
    if (link.kind == "veth") return HostLink{link.index, link.name, link.alias};
  }
  return std::nullopt;
}

wiring::ObservedRules LinuxInspector::find_rules(cni::Tag attachment) try {
  return Netfilter{}.find(attachment);
} catch (const std::system_error& error) {
  if (error.code().value() == EPROTONOSUPPORT) return {};
  throw;
}

std::optional<wiring::ObservedEnd> LinuxInspector::find_interface(const std::string& name, const Namespace& place) {
  auto inside = open_socket_inside(place.file.get(), home_.get());
  return observe_end(inside, name);
}

std::optional<Counters> LinuxInspector::find_counters(const std::string& interface, const Namespace& place) {
  auto inside = open_socket_inside(place.file.get(), home_.get());
  for (const auto& message : inside.transact(one(get_link_with_counters(interface)))) {
    if (const auto counters = kernel::find_counters(message)) return counters;
  }
  return std::nullopt;
}

namespace {

std::optional<Namespace> find_namespace(const std::string& path) try {
  return open_network_namespace(path);
} catch (const cni::Error&) {
  return std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

/// The namespaces at these paths by the numbers that the socket's own has for them. Those for which this process has no
/// descriptors left stay unfound.
std::map<std::int32_t, Namespace> numbered(NetlinkSocket& socket, const std::vector<std::string>& paths) {
  std::map<std::int32_t, Namespace> namespaces;
  for (const auto& path : paths) {
    auto opened = find_namespace(path);
    if (!opened) continue;
    for (const auto& message : socket.transact(one(ask_namespace_number(*opened)))) {
      if (const auto number = find_namespace_number(message)) namespaces.emplace(*number, std::move(*opened));
    }
  }
  return namespaces;
}

std::optional<Link> link_of(NetlinkSocket& socket, std::uint32_t index) {
  return index == 0 ? std::nullopt : first_link(socket.transact(one(get_link(index))));
}

std::optional<std::int32_t> number_of(NetlinkSocket& socket, const Namespace& other) {
  for (const auto& message : socket.transact(one(ask_namespace_number(other)))) {
    if (const auto number = find_namespace_number(message)) return number;
  }
  return std::nullopt;
}

/// Whether each link names the other by ifindex and namespace.
bool is_other_end(NetlinkSocket& inside, const Link& end, const Link& link, const Namespace& host) {
  const auto host_number = number_of(inside, host);
  return end.kind == "veth" && end.peer_index == link.index && host_number && end.peer_namespace == host_number;
}

}  // namespace

/// A namespace has a number only when a link into it was listed, so all are listed before the numbers are asked for.
std::vector<PeerLocation> LinuxInspector::locate(const std::vector<HostLink>& links,
                                                 const std::vector<std::string>& namespaces) {
  std::vector<std::optional<Link>> found;
  found.reserve(links.size());
  for (const auto& link : links) found.push_back(link_of(host_, link.index));
  const auto known = numbered(host_, namespaces);
  const Namespace host{open_own_namespace(), "/proc/self/ns/net"};
  std::vector<PeerLocation> all;
  for (const auto& link : found) {
    auto& location = all.emplace_back();
    if (!link) continue;
    const auto bridge = link->port ? link_of(host_, link->master_index) : std::nullopt;
    if (bridge) location.bridge = bridge->name;
    const auto place = link->peer_namespace ? known.find(*link->peer_namespace) : known.end();
    if (place == known.end()) continue;
    auto inside = open_socket_inside(place->second.file.get(), home_.get());
    const auto end = link_of(inside, link->peer_index);
    if (end && is_other_end(inside, *end, *link, host)) location.other_end = {place->second.path, end->name};
  }
  return all;
}

std::vector<cni::Prefix> LinuxInspector::addresses(const Namespace& place) {
  auto inside = open_socket_inside(place.file.get(), home_.get());
  constexpr std::uint32_t any_interface = 0;
  return observe_addresses(inside, "any interface", any_interface);
}

/// The kernel says EXDEV for it, and since Linux 6.14 EINVAL.
bool LinuxInspector::passes_rp_filter(const IncomingPacket& packet) {
  const auto answers = host_.send(one(get_route_of_arrival(packet.source, packet.destination, packet.interface)));
  if (answers.refusals.empty()) return true;
  const auto error = answers.refusals.front().error;
  return error != EXDEV && error != EINVAL;
}

Firewall LinuxInspector::observe_firewall() {
  return {.chains = observe_dropping_chains(), .has_legacy = has_legacy_tables()};
}

}  // namespace kernel
