#include "plugin/vethctl/restore/recover.hpp"

#include "plugin/attachment/best_effort.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/ovs/ports.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/namespaces.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/restore/proven_addresses.hpp"
#include "plugin/vethctl/restore/record_existing_attachment.hpp"
#include "plugin/wiring/found_attachment.hpp"
#include "plugin/wiring/text.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace restore {
namespace {

wiring::Wiring complete_wiring(const wiring::FoundAttachment& found, kernel::Inspector& inspector) {
  auto wiring = wiring::reconstruct_wiring(found);
  wiring.ingress_limit = found.observed.ingress_limit;
  if (found.observed.ifb) wiring.egress_limit = found.observed.ifb->limit;
  auto rules = inspector.find_rules(cni::tag_of(wiring.attachment));
  wiring.masquerades = std::move(rules.masquerades);
  wiring.host_ports = std::move(rules.host_ports);
  if (wiring.bridge) wiring.bridge->check_macs = rules.checks_macs;
  return wiring;
}

/// Whether `vethctl connect` created the pair between the host and a namespace. It reserves no addresses.
bool is_host_connection(const cni::Attachment& attachment, const kernel::PeerLocation& location) {
  return attachment.network == inspect::connect_network && location.bridge.empty();
}

/// Whether another IPAM plugin assigns the addresses of the network: its records contain none.
bool has_delegate(const std::string& network, const std::vector<cni::NetworkConfig>& configurations) {
  return std::ranges::any_of(configurations, [&](const cni::NetworkConfig& config) {
    return config.name == network && !config.ipam.type.empty() && config.ipam.type != "veth-ipam";
  });
}

/// The record that an ADD would write. In mode netns it has no host interface.
state::Record make_record(const wiring::Wiring& wiring, const wiring::Observed& observed, const std::string& netns,
                          std::vector<cni::IpAddress> addresses) {
  state::Record record{.attachment = wiring.attachment,
                       .netns = netns,
                       .addresses = std::move(addresses),
                       .ends = {.host = observed.host->index, .container = observed.container->index},
                       .wiring = wiring::to_text(wiring)};
  if (wiring.peer_netns.empty()) record.host_interface = state::HostInterface{.name = wiring.host.name};
  return record;
}

Recovery failed(const kernel::HostLink& link, std::string reason) {
  return {.link = link, .reason = std::move(reason)};
}

bool is_recorded(const cni::Attachment& attachment, const state::Folder& folder) {
  const auto stored = folder.records.find(attachment);
  return stored && stored->record;
}

/// Restores the records of links.
class RecordRecovery {
 public:
  RecordRecovery(kernel::Inspector& inspector, const std::vector<cni::NetworkConfig>& configurations,
                 const RecordStore& store)
      : inspector_(inspector), configurations_(configurations), store_(store) {}

  Recovery recover(const kernel::HostLink& link, const kernel::PeerLocation& location);

 private:
  state::Record reconstruct_record(const kernel::HostLink& link, const cni::Attachment& attachment,
                                   const kernel::PeerLocation& location);
  std::vector<cni::IpAddress> assigned_addresses(const wiring::Wiring& wiring, const wiring::Observed& observed) const;
  void require_configuration(const wiring::Wiring& wiring) const;
  std::optional<wiring::OvsPort> find_ovs_port(const cni::Attachment& attachment, const std::string& interface) const;

  kernel::Inspector& inspector_;
  const std::vector<cni::NetworkConfig>& configurations_;
  RecordStore store_;
};

/// On a bridge only the configuration proves which addresses were assigned to the container.
void RecordRecovery::require_configuration(const wiring::Wiring& wiring) const {
  const auto& network = wiring.attachment.network;
  const bool is_needed =
      (wiring.bridge || wiring.ovs_port) && network != inspect::connect_network && !wiring.container.addresses.empty();
  if (!is_needed || std::ranges::find(configurations_, network, &cni::NetworkConfig::name) != configurations_.end()) {
    return;
  }
  throw cni::Error{cni::ErrorCode::differs, "the addresses cannot be verified: no configuration of network " +
                                                text::quoted(network) + " was found (--conf-dir DIR)"};
}

/// Addresses that the state folder still holds for the attachment need no other proof.
std::vector<cni::IpAddress> RecordRecovery::assigned_addresses(const wiring::Wiring& wiring,
                                                               const wiring::Observed& observed) const {
  if (store_.folder != nullptr) {
    auto held = store_.folder->addresses.held_by(wiring.attachment.network, cni::tag_of(wiring.attachment));
    if (!held.empty()) return held;
  }
  require_configuration(wiring);
  return proven_addresses(wiring, observed, configurations_);
}

/// A port of Open vSwitch has no mark in the kernel if the datapath is in user space. Searches the databases that the
/// state folder knows, or else the default one.
std::optional<wiring::OvsPort> RecordRecovery::find_ovs_port(const cni::Attachment& attachment,
                                                             const std::string& interface) const {
  auto sockets = store_.folder == nullptr ? std::vector<std::string>{} : store_.folder->ovs.databases();
  if (sockets.empty()) sockets.push_back(cni::OvsConfig{}.socket);
  for (const auto& socket : sockets) {
    attachment::BestEffort effort;
    std::optional<wiring::OvsPort> port;
    effort.attempt([&] { port = ovs::find_settings(socket, cni::tag_of(attachment), interface); });
    if (port) return port;
  }
  return std::nullopt;
}

/// Reads an existing attachment as a record. Throws cni::Error and std::system_error.
state::Record RecordRecovery::reconstruct_record(const kernel::HostLink& link, const cni::Attachment& attachment,
                                                 const kernel::PeerLocation& location) {
  const kernel::AttachmentContext context{.container =
                                              inspector_.kernel.open_namespace(location.other_end.netns, false)};
  wiring::Wiring query{.attachment = attachment,
                       .container = {.name = location.other_end.interface},
                       .host = {.name = link.name},
                       .ingress_limit = wiring::RateLimit{},
                       .egress_limit = wiring::RateLimit{}};
  if (!location.bridge.empty()) query.bridge = wiring::Bridge{.name = location.bridge};
  wiring::FoundAttachment found{
      .attachment = attachment,
      .host_interface = link.name,
      .observed = inspector_.kernel.observe(query, context),
      .bridge = location.bridge,
      .peer_netns = is_host_connection(attachment, location) ? inspect::host_namespace_path : ""};
  found.ovs_port = find_ovs_port(attachment, link.name);
  if (!found.observed.is_pair) {
    throw cni::Error{cni::ErrorCode::differs, "the two ends are not one veth pair"};
  }
  const auto host = inspector_.kernel.open_namespace(inspect::host_namespace_path, true);
  const auto loopback = inspector_.find_interface("lo", host);
  if (loopback) found.host_addresses = loopback->addresses;
  const auto complete = complete_wiring(found, inspector_);
  auto addresses = assigned_addresses(complete, found.observed);
  const auto wiring = with_host_routes(keep_only_addresses(complete, addresses));
  const bool is_reserved =
      !has_delegate(attachment.network, configurations_) && !is_host_connection(attachment, location);
  if (!is_reserved) addresses.clear();
  return make_record(wiring, found.observed, location.other_end.netns, std::move(addresses));
}

Recovery RecordRecovery::recover(const kernel::HostLink& link, const kernel::PeerLocation& location) try {
  const auto attachment = cni::attachment_of_alias(link.alias);
  if (!attachment || cni::alias_of(*attachment) != link.alias ||
      cni::tag_of_alias(link.alias) != cni::tag_of(*attachment)) {
    return failed(link, "its alias is shortened and does not contain the whole container ID");
  }
  if (location.other_end.netns.empty()) {
    return failed(link, "the namespace of its other end was not found in /run/netns or /proc");
  }
  if (store_.is_dry_run) return {.link = link, .record = reconstruct_record(link, *attachment, location)};
  const auto lock = store_.folder->locks.try_attachment(cni::tag_of(*attachment));
  if (!lock) return failed(link, "it is locked by a call of the plugin");
  if (is_recorded(*attachment, *store_.folder)) return failed(link, "it has a record now");
  Recovery recovery{.link = link, .record = reconstruct_record(link, *attachment, location)};
  const auto conflict = record_existing_attachment(*recovery.record, inspector_.kernel, *store_.folder);
  return conflict ? failed(link, *conflict) : recovery;
} catch (const cni::Error& error) {
  return failed(link, error.what());
} catch (const std::system_error& error) {
  return failed(link, error.what());
}

}  // namespace

std::vector<Recovery> recover(const std::vector<kernel::HostLink>& links, kernel::Inspector& inspector,
                              const std::vector<cni::NetworkConfig>& configurations, const RecordStore& store) {
  std::vector<Recovery> all;
  if (links.empty()) return all;
  const auto locations = inspector.locate_peers(links, inspect::namespace_paths());
  RecordRecovery recoveries{inspector, configurations, store};
  for (std::size_t i = 0; i < links.size(); ++i) all.push_back(recoveries.recover(links[i], locations[i]));
  return all;
}

}  // namespace restore
