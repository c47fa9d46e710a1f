#include "plugin/kernel/linux_kernel.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/firewall.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/pair_builder.hpp"
#include "plugin/kernel/rate_limits.hpp"
#include "plugin/kernel/routes.hpp"
#include "plugin/kernel/tuning.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/wiring/difference.hpp"
#include "plugin/wiring/port_mapping.hpp"

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace kernel {

HostPortTaken::HostPortTaken(const wiring::PortMapping& mapping, std::optional<cni::Tag> holder_tag)
    : std::runtime_error("host port " + wiring::host_side(mapping) + " is mapped already"),
      host_side(wiring::host_side(mapping)),
      holder(holder_tag) {}

namespace {

const Device loopback{"lo", 1};

/// libnl would take a page for each, which a process as short as ours pays for; the largest of ours are half of this.
constexpr std::size_t largest_message_bytes = 1024;

HostLink host_link(const Link& link) { return {link.index, link.name, link.alias}; }

}  // namespace

AddressLivesElsewhere::AddressLivesElsewhere(const cni::IpAddress& elsewhere)
    : std::runtime_error("the host has a route to " + cni::to_string(elsewhere) +
                         " already: the address lives elsewhere"),
      address(elsewhere) {}

/// libnl reads the variable NLDBG before main: nothing of the environment but CNI_* is to steer us.
LinuxKernel::LinuxKernel() : home_(open_own_namespace()), host_(NETLINK_ROUTE) {
  nl_debug = 0;
  nlmsg_set_default_size(largest_message_bytes);
}

Namespace LinuxKernel::open_namespace(const std::string& path, bool allow_own) {
  auto opened = open_network_namespace(path);
  if (allow_own || !is_same_namespace(opened.file.get(), home_.get())) return opened;
  throw cni::Error{cni::ErrorCode::invalid_netns, "plugin's netns and netns from CNI_NETNS should not be the same",
                   "CNI_NETNS " + text::quoted(path) + " is the host's own network namespace"};
}

NetlinkSocket LinuxKernel::open_socket_of_peer(const Site& site) const {
  return open_socket_inside(site.peer->file.get(), home_.get());
}

Built LinuxKernel::build(const wiring::Wiring& wiring, const Site& site) {
  if (site.peer) {
    auto peer = open_socket_of_peer(site);
    return PairBuilder{wiring, site, home_.get(), peer}.build();
  }
  if (!wiring::wants_rules(wiring)) return PairBuilder{wiring, site, home_.get(), host_}.build();
  netfilter().prepare(wiring);
  cni::lap(site.stopwatch, "kernel_rules");
  auto built = PairBuilder{wiring, site, home_.get(), host_}.build();
  built.has_lost_rules = netfilter().build(wiring);
  cni::lap(site.stopwatch, "kernel_rules");
  return built;
}

bool LinuxKernel::filters_bridged_packets() {
  constexpr std::size_t longest_number = 32;
  for (const char* setting : {"iptables", "ip6tables"}) {
    const auto file = std::string{"/proc/sys/net/bridge/bridge-nf-call-"} + setting;
    const auto value = posix::find_content(AT_FDCWD, file, longest_number);
    if (value && value->starts_with('1')) return true;
  }
  return false;
}

void LinuxKernel::restore_rules(const wiring::Wiring& wiring) {
  if (wiring::wants_rules(wiring)) netfilter().build(wiring);
}

void LinuxKernel::finish_restoring_rules(const wiring::Wiring& wiring) { netfilter().mark_complete(wiring); }

void LinuxKernel::require_rules() { netfilter().require(); }

/// One socket for all, which stays open: the kernel lets none go before what it has removed from tables is past its
/// grace period (nft_rcv_nl_event). That is 10 ms after a change, and no time at all after the deletion of a link,
/// which waits for the same.
Netfilter& LinuxKernel::netfilter() {
  if (!netfilter_) netfilter_.emplace();
  return *netfilter_;
}

/// Null on a kernel without any.
Netfilter* LinuxKernel::find_netfilter() try { return &netfilter(); } catch (const std::system_error& error) {
  if (error.code().value() == EPROTONOSUPPORT) return nullptr;
  throw;
}

void LinuxKernel::remove_rules(const wiring::Wiring& wiring) {
  if (!wiring::wants_rules(wiring)) return;
  if (auto* found = find_netfilter()) found->remove(wiring);
}

void LinuxKernel::remove_rules(cni::Tag attachment) {
  if (auto* found = find_netfilter()) found->remove(attachment);
}

wiring::ObservedRules LinuxKernel::find_rules(cni::Tag attachment) {
  auto* found = find_netfilter();
  return found != nullptr ? found->find(attachment) : wiring::ObservedRules{};
}

void LinuxKernel::remove_stale_rules(const std::string& network, const std::function<bool(cni::Tag)>& is_stale) {
  const auto tag = cni::tag_of_network(network);
  const auto is_removed = [&](const Owner& owner) { return owner.network == tag && is_stale(owner.attachment); };
  if (auto* found = find_netfilter()) found->remove_where(is_removed);
}

bool LinuxKernel::clean_rules(const std::optional<std::string>& network) {
  auto* found = find_netfilter();
  return found != nullptr && found->clean(network, host_);
}

void LinuxKernel::repair(const wiring::Wiring& wiring, const Site& site) {
  const auto observed = observe(wiring, site);
  if (wiring::difference(wiring, observed).empty()) return;
  const auto lacking = wiring::lacking(wiring, observed);
  if (site.peer) {
    auto peer = open_socket_of_peer(site);
    return PairBuilder{lacking, site, home_.get(), peer}.repair();
  }
  PairBuilder{lacking, site, home_.get(), host_}.repair();
  if (!observed.missing_rules.empty()) netfilter().repair(wiring);
}

namespace {

bool is_of(const cni::Attachment& attachment, const Link& link) {
  return link.alias.empty() || link.alias == cni::alias_of(attachment);
}

}  // namespace

std::optional<HostLink> LinuxKernel::find_host_link(const cni::Attachment& attachment) {
  const auto name = cni::host_interface_name(cni::tag_of(attachment));
  const auto link = first_link(host_.transact(one(get_link(name))));
  return link && is_of(attachment, *link) ? std::optional{host_link(*link)} : std::nullopt;
}

std::optional<HostLink> LinuxKernel::find_veth(const std::string& name) {
  const auto link = first_link(host_.transact(one(get_link(name))));
  return link && link->kind == "veth" ? std::optional{host_link(*link)} : std::nullopt;
}

bool LinuxKernel::exists(const HostLink& wanted) {
  const auto link = first_link(host_.transact(one(get_link(wanted.index))));
  return link && host_link(*link) == wanted;
}

/// Two questions in one send: most attachments have no ifb, and none has to wait for the answer.
std::vector<HostLink> LinuxKernel::find_own_links(const cni::Attachment& attachment) {
  const auto tag = cni::tag_of(attachment);
  std::vector<NetlinkRequest> questions;
  questions.push_back(get_link(cni::host_interface_name(tag)));
  questions.push_back(get_link(cni::ifb_name(tag)));
  std::vector<HostLink> links;
  for (const auto& message : host_.transact(questions)) {
    const auto link = find_link(message);
    if (link && is_of(attachment, *link)) links.push_back(host_link(*link));
  }
  return links;
}

bool LinuxKernel::remove(const cni::Attachment& attachment) {
  const auto links = find_own_links(attachment);
  if (links.size() > 1) remove_links(links);
  if (links.size() == 1) host_.transact(one(delete_link(links.front().index, links.front().name)));
  return !links.empty();
}

namespace {

/// nullopt where the namespace is gone, or is another user's.
std::optional<Namespace> find_namespace(const std::string& path) try {
  return open_network_namespace(path);
} catch (const cni::Error&) {
  return std::nullopt;
}

}  // namespace

/// What was in a namespace that is gone went with it.
std::optional<NetlinkSocket> LinuxKernel::find_socket(const Place& place) const {
  const auto there = find_namespace(place.netns);
  if (!there) return std::nullopt;
  return open_socket_inside(there->file.get(), home_.get());
}

namespace {

/// An ADD that was killed before the alias was set has left the MAC, which is made from the tag.
std::optional<Link> find_end(NetlinkSocket& socket, const cni::Attachment& attachment, const std::string& name) {
  auto link = first_link(socket.transact(one(get_link(name))));
  if (!link || link->alias == cni::alias_of(attachment)) return link;
  const auto tag = cni::tag_of(attachment);
  const bool is_ours = link->mac == cni::host_mac(tag) || link->mac == cni::container_mac(tag);
  return link->alias.empty() && is_ours ? link : std::nullopt;
}

}  // namespace

bool LinuxKernel::stands(const cni::Attachment& attachment, const std::vector<Place>& places) {
  return std::ranges::any_of(places, [&](const Place& place) {
    auto socket = find_socket(place);
    return socket && find_end(*socket, attachment, place.interface);
  });
}

/// The first end takes the other along.
bool LinuxKernel::remove_cable(const cni::Attachment& attachment, const std::vector<Place>& places) {
  for (const auto& place : places) {
    auto socket = find_socket(place);
    const auto link = socket ? find_end(*socket, attachment, place.interface) : std::nullopt;
    if (!link) continue;
    socket->transact(one(delete_link(link->index, link->name)));
    return true;
  }
  return false;
}

void LinuxKernel::remove_host_gateways(const std::vector<cni::IpAddress>& gateways) {
  std::vector<NetlinkRequest> requests;
  requests.reserve(gateways.size());
  for (const auto& gateway : gateways) requests.push_back(delete_address(loopback, cni::host_prefix(gateway)));
  host_.transact(requests);
}

namespace {

std::vector<cni::IpAddress> standing_gateways(NetlinkSocket& socket, const std::vector<cni::IpAddress>& wanted) {
  if (wanted.empty()) return {};
  std::vector<cni::IpAddress> standing;
  for (const auto& prefix : observe_addresses(socket, loopback.name, loopback.index)) {
    if (std::find(wanted.begin(), wanted.end(), prefix.address) != wanted.end()) standing.push_back(prefix.address);
  }
  return standing;
}

}  // namespace

wiring::Observed LinuxKernel::observe(const wiring::Wiring& wanted, const Site& site) {
  wiring::Observed observed;
  auto inside = open_socket_inside(site.container.file.get(), home_.get());
  observed.container = observe_end(inside, wanted.container.name);
  if (wanted.tuning) {
    run_inside(site.container.file.get(), home_.get(),
               [&] { observed.sysctls = read_sysctls(wanted.tuning->sysctls); });
  }
  if (site.peer) {
    auto peer = open_socket_of_peer(site);
    observed.host = observe_end(peer, wanted.host.name);
    return observed;
  }
  observed.host = observe_end(host_, wanted.host.name);
  if (wanted.bridge) observed.bridge = observe_bridge(host_, wanted);
  observe_limits(host_, wanted, observed);
  observed.host_gateways = standing_gateways(host_, wanted.host_gateways);
  observed.forward_ipv4 = wanted.forward_ipv4 && observe_forwarding(host_, cni::Family::ipv4);
  observed.forward_ipv6 = wanted.forward_ipv6 && observe_forwarding(host_, cni::Family::ipv6);
  if (wiring::wants_rules(wanted)) observed.missing_rules = netfilter().missing(wanted);
  return observed;
}

namespace {

std::vector<HostLink> links_with_alias(NetlinkSocket& socket, const char* kind, std::string_view prefix) {
  std::vector<HostLink> links;
  for (const auto& message : socket.dump(list_links(kind))) {
    const auto link = find_link(message);
    if (link && link->alias.starts_with(prefix)) links.push_back(host_link(*link));
  }
  return links;
}

}  // namespace

std::vector<HostLink> LinuxKernel::host_links(std::string_view network) {
  return links_with_alias(host_, "veth", cni::alias_prefix(network));
}

std::vector<HostLink> LinuxKernel::host_links() { return links_with_alias(host_, "veth", cni::alias_beginning); }

std::vector<HostLink> LinuxKernel::ifbs(std::string_view network) {
  return links_with_alias(host_, "ifb", cni::alias_prefix(network));
}

std::optional<wiring::ObservedEnd> LinuxKernel::find_interface(const std::string& name, const Namespace& place) {
  auto inside = open_socket_inside(place.file.get(), home_.get());
  return observe_end(inside, name);
}

std::optional<Counters> LinuxKernel::find_counters(const std::string& interface, const Namespace& place) {
  auto inside = open_socket_inside(place.file.get(), home_.get());
  for (const auto& message : inside.transact(one(get_link_with_counters(interface)))) {
    if (const auto counters = kernel::find_counters(message)) return counters;
  }
  return std::nullopt;
}

namespace {

std::optional<Namespace> find_namespace_that_may_be_opened(const std::string& path) try {
  return find_namespace(path);
} catch (const std::system_error&) {
  return std::nullopt;
}

/// The namespaces at these paths by the numbers that the socket's own has for them. Those for which this process has no
/// descriptors left stay unfound.
std::map<std::int32_t, Namespace> numbered(NetlinkSocket& socket, const std::vector<std::string>& paths) {
  std::map<std::int32_t, Namespace> namespaces;
  for (const auto& path : paths) {
    auto opened = find_namespace_that_may_be_opened(path);
    if (!opened) continue;
    for (const auto& message : socket.transact(one(ask_namespace_number(*opened)))) {
      if (const auto number = find_namespace_number(message)) namespaces.emplace(*number, std::move(*opened));
    }
  }
  return namespaces;
}

std::string name_of(NetlinkSocket& socket, std::uint32_t index) {
  const auto link = index == 0 ? std::nullopt : first_link(socket.transact(one(get_link(index))));
  return link ? link->name : std::string{};
}

}  // namespace

/// A namespace has a number only when a link into it was told of, so all are told of before the numbers are asked for.
std::vector<Whereabouts> LinuxKernel::locate(const std::vector<HostLink>& links,
                                             const std::vector<std::string>& namespaces) {
  std::vector<std::optional<Link>> told;
  told.reserve(links.size());
  for (const auto& link : links) told.push_back(first_link(host_.transact(one(get_link(link.index)))));
  const auto known = numbered(host_, namespaces);
  std::vector<Whereabouts> all;
  for (const auto& link : told) {
    auto& whereabouts = all.emplace_back();
    if (!link) continue;
    whereabouts.bridge = link->port ? name_of(host_, link->master_index) : "";
    const auto place = link->peer_namespace ? known.find(*link->peer_namespace) : known.end();
    if (place == known.end()) continue;
    auto inside = open_socket_inside(place->second.file.get(), home_.get());
    whereabouts.other_end = {place->second.path, name_of(inside, link->peer_index)};
  }
  return all;
}

std::vector<cni::Prefix> LinuxKernel::addresses(const Namespace& place) {
  auto inside = open_socket_inside(place.file.get(), home_.get());
  constexpr std::uint32_t any_interface = 0;
  return observe_addresses(inside, "any interface", any_interface);
}

/// The kernel says EXDEV for it, and since Linux 6.14 EINVAL.
bool LinuxKernel::takes(const Arrival& packet) {
  const auto answers = host_.send(one(get_route_of_arrival(packet.source, packet.destination, packet.interface)));
  if (answers.refusals.empty()) return true;
  const auto error = answers.refusals.front().error;
  return error != EXDEV && error != EINVAL;
}

Firewall LinuxKernel::observe_firewall() {
  return {.chains = observe_dropping_chains(), .has_legacy = has_legacy_tables()};
}

namespace {

/// Any number would do that nobody else uses at this moment.
std::uint32_t passing_group() {
  std::uint32_t number = 0;
  if (::getrandom(&number, sizeof number, 0) < 0) posix::throw_errno("get a random number");
  constexpr std::uint32_t rarely_used = 0x40000000;
  return rarely_used | (number >> 2);
}

}  // namespace

/// One deletion of a group waits for the kernel's grace periods once, not once for each link.
void LinuxKernel::remove_links(const std::vector<HostLink>& links) {
  constexpr std::size_t most_at_once = 100;
  for (std::size_t first = 0; first < links.size(); first += most_at_once) {
    const auto group = passing_group();
    const auto end = std::min(links.size(), first + most_at_once);
    std::vector<NetlinkRequest> requests;
    for (std::size_t i = first; i < end; ++i) requests.push_back(put_into_group(links[i].index, links[i].name, group));
    requests.push_back(delete_group(group));
    host_.transact(requests);
  }
}

bool LinuxKernel::may_change_network() {
  const auto refusals = host_.send(one(touch_loopback())).refusals;
  return refusals.empty() || refusals.front().error != EPERM;
}

namespace {

/// Addresses for documentation (RFC 5737, RFC 3849): nobody is there, so what leads to them is the default route.
const char* const somewhere_else[] = {"192.0.2.1", "2001:db8::1"};

std::optional<FoundRoute> route_to(NetlinkSocket& socket, const cni::IpAddress& destination) {
  for (const auto& message : socket.transact(one(get_route(destination)))) {
    if (auto found = find_route(message)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t LinuxKernel::default_route_mtu() {
  constexpr std::uint32_t ethernet_mtu = 1500;
  for (const char* destination : somewhere_else) {
    const auto route = route_to(host_, *cni::find_address(destination));
    const auto link = route ? first_link(host_.transact(one(get_link(route->device_index)))) : std::nullopt;
    if (link && link->index != loopback.index) return link->mtu;
  }
  return ethernet_mtu;
}

}  // namespace kernel
