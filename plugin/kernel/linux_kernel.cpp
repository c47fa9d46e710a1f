#include "plugin/kernel/linux_kernel.hpp"

#include "plugin/cni/chain_member.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/default_route.hpp"
#include "plugin/kernel/end_search.hpp"
#include "plugin/kernel/ingress_filters.hpp"
#include "plugin/kernel/interface_names.hpp"
#include "plugin/kernel/links.hpp"
#include "plugin/kernel/message.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/kernel/offloads.hpp"
#include "plugin/kernel/pair_builder.hpp"
#include "plugin/kernel/pairs.hpp"
#include "plugin/kernel/port_vlans.hpp"
#include "plugin/kernel/rate_limits.hpp"
#include "plugin/kernel/release.hpp"
#include "plugin/kernel/removal.hpp"
#include "plugin/kernel/sysctls.hpp"
#include "plugin/kernel/tuning.hpp"
#include "plugin/kernel/tunnel_devices.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/helper_process.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

namespace kernel {
namespace {

/// libnl allocates one page per message by default, which costs a short-lived process measurable time. The largest
/// message of this plugin has about 512 bytes.
constexpr std::size_t largest_message_bytes = 1024;

using FootprintsByTag = std::map<cni::Tag, wiring::Footprint>;

/// The footprint of a tag, with the names and MACs that are derived from the tag.
wiring::Footprint& footprint_of(cni::Tag tag, const std::string& network, FootprintsByTag& footprints) {
  auto& footprint = footprints[tag];
  if (footprint.tag == tag && !footprint.host.name.empty()) return footprint;
  footprint.tag = tag;
  footprint.attachment.network = network;
  footprint.host = {.name = cni::host_interface_name(tag), .mac = cni::host_mac(tag)};
  return footprint;
}

/// Pairs and ifbs.
void list_links_of(const std::string& network, NetlinkSocket& host, FootprintsByTag& footprints) {
  const auto prefix = network.empty() ? std::string{cni::alias_start} : cni::alias_prefix(network);
  for (const auto& message : host.dump(list_links())) {
    const auto link = find_link(message);
    if (!link || !link->alias.starts_with(prefix)) continue;
    const bool is_end = is_pair_kind(link->kind);
    if (!is_end && link->kind != "ifb") continue;
    const auto tag = cni::tag_of_alias(link->alias);
    if (!tag) continue;
    auto& footprint = footprint_of(*tag, network, footprints);
    footprint.attachment = cni::attachment_of_alias(link->alias).value_or(footprint.attachment);
    footprint.is_foreign_pair = cni::is_of_chain_member(footprint.attachment);
    if (is_end) footprint.host = {.name = link->name, .index = link->index, .mac = link->mac};
  }
}

std::vector<cni::IpAddress> observe_gateways(NetlinkSocket& socket, const std::vector<cni::IpAddress>& wanted) {
  if (wanted.empty()) return {};
  std::vector<cni::IpAddress> found;
  for (const auto& prefix : observe_addresses(socket, "lo", loopback_index)) {
    if (std::find(wanted.begin(), wanted.end(), prefix.address) != wanted.end()) found.push_back(prefix.address);
  }
  return found;
}

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
  const auto refusals = host.send(batch_of(probe_cap_net_admin())).refusals;
  return refusals.empty() || refusals.front().error != EPERM;
}

}  // namespace

/// libnl reads the environment variable NLDBG before main. Only the CNI_* variables may change what this plugin does.
LinuxKernel::LinuxKernel() : host_netns_(open_own_namespace()), host_(NETLINK_ROUTE) {
  nl_debug = 0;
  nlmsg_set_default_size(largest_message_bytes);
}

Namespace LinuxKernel::open_namespace(const std::string& path, bool allow_own) {
  auto opened = open_network_namespace(path);
  if (allow_own || !is_same_namespace(opened.file.get(), host_netns_.get())) return opened;
  throw cni::Error{cni::ErrorCode::invalid_netns, "plugin's netns and netns from CNI_NETNS should not be the same",
                   "CNI_NETNS " + text::quoted(path) + " is the host's own network namespace"};
}

BuildOutcome LinuxKernel::build(const wiring::Wiring& wiring, const AttachmentContext& context,
                                wiring::Footprint& footprint) {
  if (context.is_new_instance) delete_stale_tables(context.node_instance);
  if (context.peer) {
    auto peer = open_socket_inside(context.peer->file.get(), host_netns_.get());
    return PairBuilder{wiring, context, host_netns_.get(), peer}.build(footprint);
  }
  if (wiring::needs_rules(wiring)) return build_with_rules(wiring, context, footprint);
  return PairBuilder{wiring, context, host_netns_.get(), host_}.build(footprint);
}

/// A port mapping in a stale table could lead to the address of this attachment.
void LinuxKernel::delete_stale_tables(const std::string& instance) {
  if (auto* found = find_netfilter()) found->delete_stale_tables(instance);
}

/// The parts of the tables are created before the pair: the chain "guard" must exist before route_localnet is set.
BuildOutcome LinuxKernel::build_with_rules(const wiring::Wiring& wiring, const AttachmentContext& context,
                                           wiring::Footprint& footprint) {
  footprint.partial_wiring = wiring;
  const auto taken = netfilter().prepare(wiring, context.node_instance, context.takes_port_over);
  if (taken) return to_conflict(*taken);
  cni::lap(context.stopwatch, "kernel_rules");
  auto outcome = PairBuilder{wiring, context, host_netns_.get(), host_}.build(footprint);
  if (!std::holds_alternative<Built>(outcome)) return outcome;
  footprint.may_have_rules = true;
  const auto rules = netfilter().build(wiring, context.node_instance, host_, context.takes_port_over);
  cni::lap(context.stopwatch, "kernel_rules");
  if (rules.conflict) return to_conflict(*rules.conflict);
  std::get<Built>(outcome).has_missing_rules = rules.has_missing_rules;
  return outcome;
}

/// One socket for all operations, which stays open: close() waits for the grace period of the objects that were removed
/// from tables (nft_rcv_nl_event() in net/netfilter/nf_tables_api.c). That takes 10 ms after a change, and no time
/// after the deletion of a link, which waits for a grace period itself.
Netfilter& LinuxKernel::netfilter() {
  if (!netfilter_) netfilter_.emplace();
  return *netfilter_;
}

/// The helper holds the socket until this process has closed it, and with it the pipe, and then for a grace period
/// (membarrier(2)): a close that still has to wait would block the transactions of other processes meanwhile
/// (nft_rcv_nl_event() in net/netfilter/nf_tables_api.c). Without a helper this process waits itself.
void LinuxKernel::close_netfilter_in_helper() {
  std::array<int, 2> ends{};
  if (!netfilter_ || ::pipe2(ends.data(), O_CLOEXEC) < 0) return;
  const posix::FileDescriptor waiting{ends[0]};
  const posix::FileDescriptor held{ends[1]};
  static char unused = 0;
  const posix::SystemCall wait_for_close{
      .number = SYS_read, .first = waiting.get(), .second = reinterpret_cast<long>(&unused), .third = sizeof unused};
  const posix::SystemCall wait_for_grace_period{.number = SYS_membarrier, .first = MEMBARRIER_CMD_GLOBAL};
  posix::start_helper({.calls = {wait_for_close, wait_for_grace_period}, .kept = {netfilter_->file(), waiting.get()}});
  netfilter_.reset();
}

/// Null on a kernel without netfilter.
Netfilter* LinuxKernel::find_netfilter() try { return &netfilter(); } catch (const std::system_error& error) {
  if (error.code().value() == EPROTONOSUPPORT) return nullptr;
  throw;
}

void LinuxKernel::restore_rules(std::span<const wiring::Wiring> wirings, const AttachmentContext& context,
                                bool mark_complete) {
  for (const auto& wiring : wirings) {
    if (wiring::needs_rules(wiring)) netfilter().build(wiring, context.node_instance, host_);
  }
  if (mark_complete && !wirings.empty()) netfilter().mark_complete(wirings.front());
}

bool LinuxKernel::clean_rules(const std::string& network) {
  auto* found = find_netfilter();
  return found != nullptr && found->clean(network.empty() ? std::nullopt : std::optional{network}, host_);
}

std::vector<bool> LinuxKernel::find_ends(std::span<const wiring::Footprint> batch, Search search) {
  std::vector<bool> found(batch.size());
  bool is_any_on_host = false;
  for (std::size_t position = 0; position < batch.size(); ++position) {
    const auto& footprint = batch[position];
    const bool is_elsewhere = footprint.is_netns_pair;
    is_any_on_host = is_any_on_host || !is_elsewhere;
    if (is_elsewhere) found[position] = find_netns_end(footprint, host_netns_.get(), search).has_value();
  }
  if (!is_any_on_host) return found;
  for (const auto& [position, link] : find_host_links(batch, host_, search)) {
    if (is_pair_kind(link.kind)) found[position] = true;
  }
  if (search == Search::by_name) return found;
  for (std::size_t position = 0; position < batch.size(); ++position) {
    const bool is_missing = !found[position] && batch[position].may_have_pair && !batch[position].is_netns_pair;
    if (is_missing) found[position] = find_container_end(batch[position], host_netns_.get()).has_value();
  }
  return found;
}

Removal LinuxKernel::remove(std::span<const wiring::Footprint> batch) {
  BatchRemoval removal{batch, host_netns_.get(), host_};
  removal.remove_rules([this] { return find_netfilter(); });
  removal.remove_unused_chains([this] { return find_netfilter(); });
  removal.remove_reference_rules();
  removal.remove_links(netfilter_ ? netfilter_->file() : -1);
  removal.remove_gateways();
  removal.revert_bridge_changes();
  return std::move(removal).finish();
}

std::vector<wiring::Footprint> LinuxKernel::list(const std::string& network) {
  FootprintsByTag footprints;
  list_links_of(network, host_, footprints);
  if (auto* found = find_netfilter()) {
    for (const auto& owner : found->owners()) {
      const bool is_wanted = network.empty() || owner.network == cni::tag_of_network(network);
      if (is_wanted) footprint_of(owner.attachment, network, footprints).is_foreign_pair = owner.is_chain_member;
    }
  }
  std::vector<wiring::Footprint> all;
  for (auto& [tag, footprint] : footprints) all.push_back(std::move(footprint));
  return all;
}

wiring::Observed LinuxKernel::observe(const wiring::Wiring& wanted, const AttachmentContext& context) {
  wiring::Observed observed;
  auto inside = open_socket_inside(context.container.file.get(), host_netns_.get());
  const EndNamespace container{inside, context.container.file.get(), context.container.path};
  if (wanted.tuning) {
    run_inside(context.container.file.get(), host_netns_.get(),
               [&] { observed.sysctls = read_sysctls(wanted.tuning->sysctls); });
  }
  if (context.peer) {
    auto peer = open_socket_inside(context.peer->file.get(), host_netns_.get());
    observe_pair(wanted, {container, {peer, context.peer->file.get(), context.peer->path}, context.host_index},
                 observed);
    return observed;
  }
  const EndNamespace host{host_, host_netns_.get(), "/proc/self/ns/net", context.host_routes};
  observe_pair(wanted, {container, host, context.host_index}, observed);
  if (wanted.bridge) observed.bridge = observe_bridge(host_, wanted);
  if (observed.host && wanted.bridge && wiring::has_vlans(*wanted.bridge)) {
    observed.host->vlans = observe_vlans(host_, {observed.host->name, observed.host->index});
  }
  if (wanted.ovs_port) observe_checksums(wanted, context, observed);
  observe_limits(host_, wanted, observed);
  observe_source_check(host_, wanted, observed);
  if (observed.host && wanted.guards_loopback) {
    observed.host->guards_loopback = observe_loopback_guard(host_, {observed.host->name, observed.host->index});
  }
  observed.host_gateways = observe_gateways(host_, wanted.host_gateways);
  observed.forward_ipv4 = wanted.forward_ipv4 && observe_forwarding(host_, cni::Family::ipv4);
  observed.forward_ipv6 = wanted.forward_ipv6 && observe_forwarding(host_, cni::Family::ipv6);
  if (wiring::needs_rules(wanted)) observed.missing_rules = netfilter().missing(wanted);
  return observed;
}

/// Both ends are in the namespace of the container: if the pair joins two switches, that is the host's own.
void LinuxKernel::observe_checksums(const wiring::Wiring& wanted, const AttachmentContext& context,
                                    wiring::Observed& observed) {
  const bool is_host_end = &wiring::end_opposite_to_ovs(wanted) == &wanted.host;
  const auto& end = is_host_end ? observed.host : observed.container;
  if (!end) return;
  run_inside(context.container.file.get(), host_netns_.get(),
             [&] { observed.leaves_checksums = !completes_checksums(end->name); });
}

NodeState LinuxKernel::read_node(const NodeQuery& query) {
  NodeState state;
  if (!query.default_route_mtu.empty()) {
    state.default_route_mtu = with_mtu_of_tunnels(host_, default_route_mtu(host_, query.default_route_mtu));
  }
  if (query.uplink_big_tcp) state.uplink_big_tcp = default_route_big_tcp(host_);
  if (query.bridge_filter) state.filters_bridged_packets = filters_bridged_packets();
  if (query.netkit && !has_netkit_version()) state.lacks_netkit = release();
  if (query.interfaces) state.interfaces = interfaces_with_ipv6();
  if (query.permission) state.may_change_network = may_change_network(host_);
  if (!query.sysctls.empty()) state.sysctl_error = find_sysctl_error(query.sysctls);
  if (!query.nftables) return state;
  try {
    netfilter().require();
  } catch (const std::system_error& error) {
    state.nftables_error = error;
  }
  return state;
}

}  // namespace kernel
