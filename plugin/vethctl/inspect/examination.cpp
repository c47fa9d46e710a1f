#include "plugin/vethctl/inspect/examination.hpp"

#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/vethctl/inspect/lease_conflicts.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace inspect {
namespace {

/// Compares records and leases of one network. Attachments whose lock is held are skipped: a call may be changing them.
class NetworkStateReader {
 public:
  NetworkStateReader(std::string network, const state::Folder& folder, Examination& examination)
      : network_(std::move(network)), folder_(folder), examination_(examination) {}

  void read() {
    for (const auto& stored : folder_.records.list(network_)) {
      const auto lock = folder_.locks.try_attachment(stored.tag);
      if (lock) read_record(stored.tag);
    }
    for (const auto& taken : folder_.addresses.list(network_)) {
      if (!has_record(taken)) examination_.unrecorded_leases.push_back({network_, taken.address});
    }
  }

 private:
  void read_record(cni::Tag tag) {
    const auto stored = folder_.records.find(network_, tag);
    if (!stored) return;
    if (!stored->record) return examination_.unreadable.push_back({network_, tag});
    if (stored->stage != state::Stage::live) return;
    AddressMismatch mismatch{.attachment = stored->record->attachment,
                             .unleased = unleased_addresses(*stored->record, folder_),
                             .conflict = find_lease_conflict(*stored->record, folder_).value_or("")};
    if (!mismatch.unleased.empty() || !mismatch.conflict.empty()) {
      examination_.address_mismatches.push_back(std::move(mismatch));
    }
  }

  /// True also for an unreadable record, which may contain the address.
  bool has_record(const state::TakenAddress& taken) const {
    if (!taken.holder) return false;
    const auto lock = folder_.locks.try_attachment(*taken.holder);
    if (!lock || folder_.addresses.holder(network_, taken.address) != taken.holder) return true;
    const auto stored = folder_.records.find(network_, *taken.holder);
    if (!stored) return false;
    return !stored->record ||
           std::ranges::find(stored->record->addresses, taken.address) != stored->record->addresses.end();
  }

  std::string network_;
  const state::Folder& folder_;
  Examination& examination_;
};

/// The IPAM prevents it only for networks of one state folder.
std::vector<SharedAddress> find_shared_addresses(const std::vector<Detail>& details) {
  std::map<std::pair<std::string, cni::IpAddress>, std::vector<cni::Attachment>> holders;
  for (const auto& detail : details) {
    const auto bridge = detail.wanted ? attachment::segment_of(*detail.wanted) : std::string{};
    if (bridge.empty()) continue;
    for (const auto& [address, length] : detail.attachment.addresses) {
      holders[{bridge, address}].push_back(detail.attachment.identity);
    }
  }
  std::vector<SharedAddress> shared;
  for (auto& [key, attachments] : holders) {
    const auto& network = attachments.front().network;
    if (std::ranges::all_of(attachments, [&](const auto& each) { return each.network == network; })) continue;
    shared.push_back({key.second, key.first, std::move(attachments)});
  }
  return shared;
}

/// The interface of the host that receives the packets of an attachment, and an address of the host on it.
struct Ingress {
  std::string interface;
  std::uint32_t index = 0;
  cni::IpAddress destination;
};

std::optional<cni::IpAddress> first_ipv4(const auto& prefixes) {
  const auto found = std::ranges::find_if(
      prefixes, [](const cni::Prefix& prefix) { return prefix.address.family == cni::Family::ipv4; });
  return found == prefixes.end() ? std::nullopt : std::optional{found->address};
}

/// Whether packets of the attachment flow: its record was read, and each difference may be intended.
bool is_working(const Detail& detail) {
  return detail.wanted && detail.observed.host &&
         std::ranges::all_of(detail.differences, [&](const wiring::Difference& difference) {
           return wiring::may_be_intended(*detail.wanted, difference);
         });
}

/// nullopt if the host routes no IPv4 packets of the attachment.
std::optional<Ingress> find_ingress(const Detail& detail) {
  const auto& wanted = detail.wanted;
  if (!is_working(detail) || !wanted->peer_netns.empty()) return std::nullopt;
  if (!wanted->bridge) {
    const auto address = first_ipv4(detail.observed.host->addresses);
    return address ? std::optional{Ingress{wanted->host.name, detail.observed.host->index, *address}} : std::nullopt;
  }
  const auto gateway = first_ipv4(wanted->bridge->gateways);
  if (!gateway || wanted->bridge->vlan != 0) return std::nullopt;
  return Ingress{wanted->bridge->name, detail.observed.bridge->index, *gateway};
}

/// An attachment whose IPv4 packets the host routes.
struct RoutedAttachment {
  const Attachment* attachment;
  Ingress ingress;
};

void check_reverse_path(kernel::Inspector& inspector, const RoutedAttachment& receiver, const RoutedAttachment& sender,
                        std::vector<DroppedPacket>& dropped_packets) {
  const bool is_from_other_attachment = receiver.attachment != sender.attachment;
  for (const auto& [address, length] : sender.attachment->addresses) {
    if (address.family != cni::Family::ipv4) continue;
    if (inspector.passes_rp_filter({address, receiver.ingress.destination, receiver.ingress.index})) continue;
    dropped_packets.push_back(
        {address, receiver.ingress.interface, receiver.attachment->identity, is_from_other_attachment});
  }
}

/// The filter also drops packets from addresses that live elsewhere, which are reported as such.
void erase_unreachable(const std::vector<UnreachableAddress>& unreachable, std::vector<DroppedPacket>& dropped) {
  std::set<cni::IpAddress> addresses;
  for (const auto& each : unreachable) addresses.insert(each.address);
  std::erase_if(dropped, [&](const DroppedPacket& packet) { return addresses.contains(packet.source); });
}

/// A container in several networks may answer through another interface than the one that received the request.
std::vector<DroppedPacket> find_dropped_packets(kernel::Inspector& inspector, const std::vector<Detail>& attachments) {
  std::map<std::string, std::vector<RoutedAttachment>> containers;
  for (const auto& detail : attachments) {
    auto ingress = find_ingress(detail);
    if (ingress) containers[detail.attachment.identity.container].push_back({&detail.attachment, *ingress});
  }
  std::vector<DroppedPacket> dropped_packets;
  for (const auto& [container, all] : containers) {
    for (const auto& receiver : all) {
      for (const auto& sender : all) check_reverse_path(inspector, receiver, sender, dropped_packets);
    }
  }
  return dropped_packets;
}

bool is_selected(const std::string& network, const std::string& wanted) { return wanted.empty() || network == wanted; }

/// What the details of all attachments are read with.
struct Sources {
  kernel::Inspector& inspector;
  const std::vector<state::Folder>& folders;
  SharedReads shared;
};

/// A database that does not answer is reported with the attachments that need it.
void find_stale_ports(const Sources& sources, Examination& examination) {
  for (const auto& folder : sources.folders) {
    for (const auto& orphan : folder.ovs.orphans()) examination.stale_ports.push_back(ovs::port_uuid(orphan.tag));
    for (const auto& socket : folder.ovs.databases()) {
      if (sources.shared.ovs->has_failed(socket)) continue;
      attachment::BestEffort effort;
      effort.attempt([&] {
        for (const auto& port : attachment::find_stale_ports(socket, sources.inspector.kernel, folder)) {
          examination.stale_ports.push_back(port.uuid);
        }
      });
    }
  }
  auto& ports = examination.stale_ports;
  std::ranges::sort(ports);
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
}

/// Reads under the lock, so that no call changes the attachment meanwhile; nullopt if it is in flight or was removed.
std::optional<Detail> read_detail_locked(const Sources& sources, const Attachment& attachment) {
  for (const auto& folder : sources.folders) {
    const auto lock = folder.locks.try_attachment(attachment.tag);
    if (!folder.records.find(attachment.identity.network, attachment.tag)) continue;
    if (!lock) return std::nullopt;
    return read_detail(sources.inspector, sources.folders, attachment, sources.shared);
  }
  return std::nullopt;
}

std::vector<Detail> read_details(const Sources& sources, const std::vector<Attachment>& attachments) {
  std::vector<Detail> details;
  for (const auto& attachment : attachments) {
    const bool is_live = attachment.state == State::live;
    auto detail = is_live ? read_detail_locked(sources, attachment) : Detail{.attachment = attachment};
    if (detail) details.push_back(std::move(*detail));
  }
  return details;
}

bool cannot_open_namespace(const Detail& detail) {
  return std::ranges::find(detail.differences, wiring::Kind::network_namespace, &wiring::Difference::kind) !=
         detail.differences.end();
}

/// "1 network namespace", "2 network namespaces"
std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + ' ' + noun + (count == 1 ? "" : "s");
}

/// `listed`: the number of attachments, also of those in flight.
NotExamined list_not_examined(const Examination& examination, std::size_t listed, const std::string& network) {
  NotExamined texts{"eBPF programs",
                    "rules of iptables-legacy",
                    "conditions of nftables rules (vethctl probe tests them)",
                    "nftables inside containers",
                    "IPsec policies",
                    "other hosts"};
  const auto closed = static_cast<std::size_t>(std::ranges::count_if(examination.attachments, cannot_open_namespace));
  if (closed > 0) texts.push_back(counted(closed, "network namespace") + " that cannot be opened");
  const auto in_flight =
      static_cast<std::size_t>(std::ranges::count(examination.attachments, State::in_flight,
                                                  [](const Detail& detail) { return detail.attachment.state; })) +
      listed - examination.attachments.size();
  if (in_flight > 0) texts.push_back(counted(in_flight, "attachment") + " that a call is changing");
  if (!network.empty()) texts.push_back("other networks");
  return texts;
}

}  // namespace

Examination examine(kernel::Inspector& inspector, const FoundFolders& found, const std::string& network,
                    attachment::OvsReader& ovs) {
  Examination examination{.unusable = found.unusable};
  for (const auto& folder : found.folders) {
    for (const auto& name : folder.records.networks()) {
      if (is_selected(name, network)) NetworkStateReader{name, folder, examination}.read();
    }
  }
  auto attachments = read_attachments(inspector, found.folders);
  std::erase_if(attachments, [&](const Attachment& each) { return !is_selected(each.identity.network, network); });
  const auto routing = inspector.read_routing(inspector.kernel.open_namespace(host_namespace_path, true));
  examination.attachments = read_details({inspector, found.folders, {&routing.tables, &ovs}}, attachments);
  examination.unreachable = find_unreachable(inspector, examination.attachments, routing);
  examination.shared_addresses = find_shared_addresses(examination.attachments);
  examination.dropped_packets = find_dropped_packets(inspector, examination.attachments);
  erase_unreachable(examination.unreachable, examination.dropped_packets);
  examination.ignoring_router_advertisements = inspector.list_ignoring_router_advertisements();
  examination.firewall = inspector.observe_firewall();
  examination.matching_rules = find_matching_rules(routing.rules, examination.attachments);
  examination.container_routing = read_container_routing(inspector, examination.attachments);
  examination.not_examined = list_not_examined(examination, attachments.size(), network);
  if (network.empty()) {
    for (const auto& orphan : attachment::find_orphaned_rules(inspector.kernel, found.folders)) {
      examination.orphaned_rules.push_back(orphan.tag);
    }
    find_stale_ports({inspector, found.folders, {.ovs = &ovs}}, examination);
  }
  return examination;
}

}  // namespace inspect
