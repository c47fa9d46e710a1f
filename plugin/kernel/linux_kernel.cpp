#include "plugin/kernel/linux_kernel.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kernel/default_route.hpp"
#include "plugin/kernel/end_search.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/pair_builder.hpp"
#include "plugin/kernel/rate_limits.hpp"
#include "plugin/kernel/removal.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/kernel/tuning.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace kernel {
namespace {

constexpr std::uint32_t loopback_index = 1;

/// libnl would take a page for each, which a process as short as ours pays for; the largest of ours are half of this.
constexpr std::size_t largest_message_bytes = 1024;

}  // namespace

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

BuildOutcome LinuxKernel::build(const wiring::Wiring& wiring, const Site& site, wiring::Footprint& footprint) {
  if (site.begins_life) drop_tables_of_another_life(site.node_life);
  if (site.peer) {
    auto peer = open_socket_inside(site.peer->file.get(), home_.get());
    return PairBuilder{wiring, site, home_.get(), peer}.build(footprint);
  }
  if (wiring::wants_rules(wiring)) return build_with_rules(wiring, site, footprint);
  return PairBuilder{wiring, site, home_.get(), host_}.build(footprint);
}

namespace {

Conflict to_conflict(const HostPortConflict& taken) {
  return {.kind = Conflict::Kind::host_port, .host_port = taken.host_side, .holder = taken.holder};
}

}  // namespace

/// A port that they map could lead to the address that this attachment has been given.
void LinuxKernel::drop_tables_of_another_life(const std::string& life) {
  if (auto* found = find_netfilter()) found->drop_tables_of_another_life(life);
}

/// The parts of the tables come first: what they guard against is shut out before the pair opens anything.
BuildOutcome LinuxKernel::build_with_rules(const wiring::Wiring& wiring, const Site& site,
                                           wiring::Footprint& footprint) {
  if (const auto taken = netfilter().prepare(wiring, site.node_life)) return to_conflict(*taken);
  cni::lap(site.stopwatch, "kernel_rules");
  auto outcome = PairBuilder{wiring, site, home_.get(), host_}.build(footprint);
  if (!std::holds_alternative<Built>(outcome)) return outcome;
  footprint.may_have_rules = true;
  footprint.outline = wiring;
  const auto rules = netfilter().build(wiring, site.node_life);
  cni::lap(site.stopwatch, "kernel_rules");
  if (rules.conflict) return to_conflict(*rules.conflict);
  std::get<Built>(outcome).has_lost_rules = rules.has_lost_rules;
  return outcome;
}

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

void LinuxKernel::restore_rules(std::span<const wiring::Wiring> wirings, const Site& site, bool is_last) {
  for (const auto& wiring : wirings) {
    if (wiring::wants_rules(wiring)) netfilter().build(wiring, site.node_life);
  }
  if (is_last && !wirings.empty()) netfilter().mark_complete(wirings.front());
}

bool LinuxKernel::clean_rules(const std::string& network) {
  auto* found = find_netfilter();
  return found != nullptr && found->clean(network.empty() ? std::nullopt : std::optional{network}, host_);
}

std::vector<bool> LinuxKernel::find_ends(std::span<const wiring::Footprint> batch, Search search) {
  std::vector<bool> found(batch.size());
  bool is_any_on_host = false;
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const auto& footprint = batch[place];
    const bool is_elsewhere = footprint.is_netns_pair;
    is_any_on_host = is_any_on_host || !is_elsewhere;
    if (is_elsewhere) found[place] = find_netns_end(footprint, home_.get(), search).has_value();
  }
  if (!is_any_on_host) return found;
  for (const auto& [place, link] : find_host_links(batch, host_, search)) {
    if (link.kind == "veth") found[place] = true;
  }
  if (search == Search::by_name) return found;
  for (std::size_t place = 0; place < batch.size(); ++place) {
    const bool is_missing = !found[place] && batch[place].may_have_pair && !batch[place].is_netns_pair;
    if (is_missing) found[place] = find_container_end(batch[place], home_.get()).has_value();
  }
  return found;
}

Removal LinuxKernel::remove(std::span<const wiring::Footprint> batch) {
  BatchRemoval removal{batch, home_.get(), host_};
  removal.remove_rules([this] { return find_netfilter(); });
  removal.remove_links();
  removal.remove_gateways();
  return std::move(removal).finish();
}

namespace {

using FootprintsByTag = std::map<cni::Tag, wiring::Footprint>;

/// The footprint of a tag, with the marks that follow from it.
wiring::Footprint& footprint_of(cni::Tag tag, const std::string& network, FootprintsByTag& footprints) {
  auto& footprint = footprints[tag];
  if (footprint.tag == tag && !footprint.host.name.empty()) return footprint;
  footprint.tag = tag;
  footprint.attachment.network = network;
  footprint.host = {.name = cni::host_interface_name(tag), .mac = cni::host_mac(tag)};
  return footprint;
}

void list_links_of(const std::string& network, const char* kind, NetlinkSocket& host, FootprintsByTag& footprints) {
  const auto beginning = network.empty() ? std::string{cni::alias_beginning} : cni::alias_prefix(network);
  for (const auto& message : host.dump(list_links(kind))) {
    const auto link = find_link(message);
    if (!link || !link->alias.starts_with(beginning)) continue;
    const auto tag = cni::tag_of_alias(link->alias);
    if (!tag) continue;
    auto& footprint = footprint_of(*tag, network, footprints);
    footprint.attachment = cni::attachment_of_alias(link->alias).value_or(footprint.attachment);
    if (link->kind == "veth") footprint.host = {.name = link->name, .index = link->index, .mac = link->mac};
  }
}

}  // namespace

std::vector<wiring::Footprint> LinuxKernel::list(const std::string& network) {
  FootprintsByTag footprints;
  list_links_of(network, "veth", host_, footprints);
  list_links_of(network, "ifb", host_, footprints);
  if (auto* found = find_netfilter()) {
    for (const auto& owner : found->owners()) {
      const bool is_wanted = network.empty() || owner.network == cni::tag_of_network(network);
      if (is_wanted) footprint_of(owner.attachment, network, footprints);
    }
  }
  std::vector<wiring::Footprint> all;
  for (auto& [tag, footprint] : footprints) all.push_back(std::move(footprint));
  return all;
}

namespace {

std::vector<cni::IpAddress> standing_gateways(NetlinkSocket& socket, const std::vector<cni::IpAddress>& wanted) {
  if (wanted.empty()) return {};
  std::vector<cni::IpAddress> standing;
  for (const auto& prefix : observe_addresses(socket, "lo", loopback_index)) {
    if (std::find(wanted.begin(), wanted.end(), prefix.address) != wanted.end()) standing.push_back(prefix.address);
  }
  return standing;
}

}  // namespace

wiring::Observed LinuxKernel::observe(const wiring::Wiring& wanted, const Site& site) {
  wiring::Observed observed;
  auto inside = open_socket_inside(site.container.file.get(), home_.get());
  const EndNamespace container{inside, site.container.file.get(), site.container.path};
  if (wanted.tuning) {
    run_inside(site.container.file.get(), home_.get(),
               [&] { observed.sysctls = read_sysctls(wanted.tuning->sysctls); });
  }
  if (site.peer) {
    auto peer = open_socket_inside(site.peer->file.get(), home_.get());
    observe_pair(wanted, {container, {peer, site.peer->file.get(), site.peer->path}, site.host_index}, observed);
    return observed;
  }
  observe_pair(wanted, {container, {host_, home_.get(), "/proc/self/ns/net"}, site.host_index}, observed);
  if (wanted.bridge) observed.bridge = observe_bridge(host_, wanted);
  observe_limits(host_, wanted, observed);
  observed.host_gateways = standing_gateways(host_, wanted.host_gateways);
  observed.forward_ipv4 = wanted.forward_ipv4 && observe_forwarding(host_, cni::Family::ipv4);
  observed.forward_ipv6 = wanted.forward_ipv6 && observe_forwarding(host_, cni::Family::ipv6);
  if (wiring::wants_rules(wanted)) observed.missing_rules = netfilter().missing(wanted);
  return observed;
}

namespace {

bool filters_bridged_packets() {
  constexpr std::size_t longest_number = 32;
  for (const char* setting : {"iptables", "ip6tables"}) {
    const auto file = std::string{"/proc/sys/net/bridge/bridge-nf-call-"} + setting;
    const auto value = posix::find_content(AT_FDCWD, file, longest_number);
    if (value && value->starts_with('1')) return true;
  }
  return false;
}

bool may_change_network(NetlinkSocket& host) {
  const auto refusals = host.send(one(touch_loopback())).refusals;
  return refusals.empty() || refusals.front().error != EPERM;
}

}  // namespace

NodeState LinuxKernel::read_node(const NodeQuestion& question) {
  NodeState state;
  if (!question.default_route_mtu.empty())
    state.default_route_mtu = default_route_mtu(host_, question.default_route_mtu);
  if (question.bridge_filter) state.filters_bridged_packets = filters_bridged_packets();
  if (question.permission) state.may_change_network = may_change_network(host_);
  if (!question.settings.empty()) state.settings_fault = find_settings_fault(question.settings);
  if (!question.nftables) return state;
  try {
    netfilter().require();
  } catch (const std::system_error& error) {
    state.nftables_fault = error;
  }
  return state;
}

}  // namespace kernel
