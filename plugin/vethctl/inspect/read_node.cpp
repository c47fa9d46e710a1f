#include "plugin/vethctl/inspect/read_node.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/vethctl/inspect/record_state.hpp"
#include "plugin/wiring/port_mapping.hpp"
#include "plugin/wiring/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace inspect {
namespace {

std::string own_hostname() {
  std::string name(HOST_NAME_MAX, '\0');
  if (::gethostname(name.data(), name.size()) < 0) return {};
  name.resize(name.find('\0'));
  return name;
}

std::vector<cni::Prefix> addresses_of(const wiring::End& end) {
  std::vector<cni::Prefix> prefixes;
  for (const auto& address : end.addresses) {
    if (!cni::is_link_local(address.prefix.address)) prefixes.push_back(address.prefix);
  }
  return prefixes;
}

/// Without duplicates: a port on all addresses is mapped once for each family.
std::vector<std::string> ports_of(const wiring::HostPorts& ports) {
  std::vector<std::string> texts;
  for (const auto& mapping : ports.mappings) {
    const auto host = wiring::host_port_text(mapping);
    const auto text =
        host.substr(0, host.rfind('/')) + ':' + std::to_string(mapping.container_port) + '/' + mapping.protocol;
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
  }
  return texts;
}

void apply_wiring(Attachment& attachment, const wiring::Wiring& wiring) {
  attachment.mode = wiring::mode_of(wiring);
  attachment.addresses = addresses_of(wiring.container);
  if (wiring.host_ports) attachment.ports = ports_of(*wiring.host_ports);
  for (const auto& masquerade : wiring.masquerades) attachment.masqueraded.push_back(masquerade.source);
  attachment.ingress_limit = wiring.ingress_limit;
  attachment.egress_limit = wiring.egress_limit;
  if (wiring.ovs_port) {
    attachment.ovs_bridge = wiring.ovs_port->bridge;
    attachment.bridge = std::string{ovs_prefix} + attachment.ovs_bridge;
  }
  if (wiring.bridge) attachment.bridge = wiring.bridge->name;
  if (wiring.peer_netns.empty()) {
    attachment.host_interface = wiring.host.name;
    return;
  }
  attachment.peer_netns = wiring.peer_netns;
  attachment.peer_interface = wiring.host.name;
  attachment.peer_addresses = addresses_of(wiring.host);
}

/// The record of an unfinished ADD and of a lease for another plugin has only addresses.
void apply_addresses(Attachment& attachment, const state::Record& record) {
  attachment.mode = "lease";
  for (const auto& address : record.addresses) attachment.addresses.push_back(cni::host_prefix(address));
}

class NodeReader {
 public:
  explicit NodeReader(kernel::Inspector& inspector);

  void read(const state::Folder& folder);
  /// Adds the links that no record contains. Call it after all folders are read.
  void add_unrecorded();

  std::vector<Attachment> attachments;
  std::set<cni::IpAddress> gateways;  ///< of all attachments

 private:
  Attachment describe(const std::string& network, const state::StoredRecord& stored);
  void apply_link(Attachment& attachment);
  std::optional<Attachment> read(const std::string& network, const state::StoredRecord& listed,
                                 const state::Folder& folder);
  State state_of(const state::StoredRecord& stored, Attachment& attachment);
  bool exists(cni::Tag tag, const kernel::HostLink& link);

  kernel::Inspector& inspector_;
  std::map<cni::Tag, kernel::HostLink> links_;
  std::set<cni::Tag> recorded_;  ///< tags of links that have a record
  bool is_any_locked_ = false;   ///< whether an attachment of the current folder is locked
};

NodeReader::NodeReader(kernel::Inspector& inspector) : inspector_(inspector) {
  for (auto& link : inspector.host_links()) {
    if (const auto tag = cni::tag_of_alias(link.alias)) links_.emplace(*tag, std::move(link));
  }
}

void NodeReader::apply_link(Attachment& attachment) {
  const auto found = links_.find(attachment.tag);
  if (found == links_.end()) return;
  recorded_.insert(attachment.tag);
  const auto& link = found->second;
  attachment.host_interface = link.name;
  attachment.host_index = link.index;
  if (!attachment.mode.empty()) return;  // the record contains more than the alias
  attachment.identity = cni::attachment_of_alias(link.alias).value_or(attachment.identity);
}

Attachment NodeReader::describe(const std::string& network, const state::StoredRecord& stored) {
  Attachment attachment{.identity = {network, '#' + cni::to_string(stored.tag), ""}, .tag = stored.tag};
  attachment.age = age_of(stored);
  if (stored.record) {
    attachment.identity = stored.record->attachment;
    attachment.netns = stored.record->netns;
    const auto wiring = wiring::find_partial_wiring(stored.record->wiring);
    if (wiring) apply_wiring(attachment, *wiring);
    if (wiring) gateways.insert(wiring->host_gateways.begin(), wiring->host_gateways.end());
    if (!wiring) apply_addresses(attachment, *stored.record);
  }
  apply_link(attachment);
  return attachment;
}

/// The caller must hold the lock, or know that the record is live. A link that was listed exists; a link that was
/// created since, or by another plugin, is queried.
State NodeReader::state_of(const state::StoredRecord& stored, Attachment& attachment) {
  const bool is_listed = attachment.host_index != 0 && stored.record && stored.stage == state::Stage::live;
  if (is_listed) return State::live;
  const auto [state, link] = determine_state(stored, inspector_);
  if (!link) return state;
  attachment.host_interface = link->name;
  attachment.host_index = link->index;
  return state;
}

/// Tries the lock only if some lock is held or the record is not live, so that listing needs few system calls. The
/// record is read again under the lock: since it was listed, an ADD may have finished or a DEL removed it (nullopt).
std::optional<Attachment> NodeReader::read(const std::string& network, const state::StoredRecord& listed,
                                           const state::Folder& folder) {
  auto attachment = describe(network, listed);
  const bool is_settled = !is_any_locked_ && listed.stage == state::Stage::live && listed.record;
  if (is_settled && state_of(listed, attachment) == State::live) return attachment;
  const auto lock = folder.locks.try_attachment(listed.tag);
  attachment.state = State::in_flight;
  if (!lock) return attachment;
  const auto stored = folder.records.find(network, listed.tag);
  if (!stored) return std::nullopt;
  attachment = describe(network, *stored);
  attachment.state = state_of(*stored, attachment);
  return attachment;
}

void NodeReader::read(const state::Folder& folder) {
  is_any_locked_ = folder.locks.is_any_attachment_locked();
  for (const auto& network : folder.records.networks()) {
    for (const auto& listed : folder.records.list(network)) {
      if (auto attachment = read(network, listed, folder)) attachments.push_back(std::move(*attachment));
    }
  }
}

bool NodeReader::exists(cni::Tag tag, const kernel::HostLink& link) {
  auto footprint = attachment::footprint_of(tag, "");
  footprint.host = {.name = link.name, .index = link.index};
  return inspector_.find_host_link(footprint).has_value();
}

/// A DEL may have removed the record, and before it the link, since the links were listed.
void NodeReader::add_unrecorded() {
  for (const auto& [tag, link] : links_) {
    const auto identity = recorded_.contains(tag) ? std::nullopt : cni::attachment_of_alias(link.alias);
    if (!identity || !exists(tag, link)) continue;
    attachments.push_back({.identity = *identity,
                           .tag = tag,
                           .state = State::unrecorded,
                           .host_interface = link.name,
                           .host_index = link.index});
  }
}

NodeReader read_all(kernel::Inspector& inspector, const std::vector<state::Folder>& folders) {
  NodeReader reader{inspector};
  for (const auto& folder : folders) reader.read(folder);
  reader.add_unrecorded();
  std::ranges::sort(reader.attachments, {},
                    [](const Attachment& attachment) { return std::tie(attachment.identity, attachment.tag); });
  return reader;
}

/// A bridge of Open vSwitch has an interface of its own, the local port, on the host.
std::string interface_of_bridge(const std::string& name) {
  return name.starts_with(ovs_prefix) ? name.substr(ovs_prefix.size()) : name;
}

std::vector<Bridge> read_bridges(kernel::Inspector& inspector, const std::vector<Attachment>& attachments) {
  std::set<std::string> names;
  for (const auto& attachment : attachments) {
    if (!attachment.bridge.empty()) names.insert(attachment.bridge);
  }
  const auto host = inspector.kernel.open_namespace(host_namespace_path, true);
  std::vector<Bridge> bridges;
  for (const auto& name : names) {
    auto found = inspector.find_interface(interface_of_bridge(name), host);
    if (!found) continue;
    std::erase_if(found->addresses, [](const cni::Prefix& prefix) { return cni::is_link_local(prefix.address); });
    bridges.push_back({.name = name, .mac = found->mac, .is_up = found->is_up, .addresses = found->addresses});
  }
  return bridges;
}

/// The wanted gateways that are on lo.
std::vector<cni::IpAddress> read_gateways(kernel::Inspector& inspector, const std::set<cni::IpAddress>& wanted) {
  if (wanted.empty()) return {};
  const auto loopback = inspector.find_interface("lo", inspector.kernel.open_namespace(host_namespace_path, true));
  std::set<cni::IpAddress> gateways;
  for (const auto& prefix : loopback ? loopback->addresses : std::vector<cni::Prefix>{}) {
    if (wanted.contains(prefix.address)) gateways.insert(prefix.address);
  }
  return {gateways.begin(), gateways.end()};
}

}  // namespace

Node read_node(kernel::Inspector& inspector, const std::vector<state::Folder>& folders) {
  auto reader = read_all(inspector, folders);
  return {.hostname = own_hostname(),
          .attachments = reader.attachments,
          .bridges = read_bridges(inspector, reader.attachments),
          .gateways = read_gateways(inspector, reader.gateways)};
}

std::vector<Attachment> read_attachments(kernel::Inspector& inspector, const std::vector<state::Folder>& folders) {
  return read_all(inspector, folders).attachments;
}

}  // namespace inspect
