#include "test/support/fake_inspector.hpp"

#include <algorithm>

namespace test {
namespace {

kernel::HostLink host_link(const FakeLink& link) { return {link.index, link.name, link.alias}; }

}  // namespace

std::vector<kernel::HostLink> FakeInspector::host_links() {
  fake_.throw_configured_error("host_links");
  std::vector<kernel::HostLink> links;
  for (const auto& pair : fake_.pairs) {
    const auto& peer = pair.wiring.peer_netns;
    const bool is_on_host = peer.empty() || peer == "/proc/self/ns/net";
    if (is_on_host && cni::tag_of_alias(pair.link.alias)) links.push_back(host_link(pair.link));
  }
  return links;
}

std::optional<kernel::HostLink> FakeInspector::find_host_link(const wiring::Footprint& footprint) {
  fake_.throw_configured_error("find_host_link");
  for (const auto& pair : fake_.pairs) {
    const auto tag = cni::tag_of_alias(pair.link.alias);
    const bool has_index = footprint.host.index != 0 && pair.link.index == footprint.host.index;
    const bool is_on_host = pair.wiring.peer_netns.empty();
    if (is_on_host && (tag ? *tag == footprint.tag : has_index)) return host_link(pair.link);
  }
  return std::nullopt;
}

std::optional<wiring::ObservedEnd> FakeInspector::find_interface(const std::string& name,
                                                                 const kernel::Namespace& /*netns*/) {
  if (const auto found = interfaces.find(name); found != interfaces.end()) return found->second;
  for (const auto& pair : fake_.pairs) {
    if (pair.link.name != name) continue;
    return wiring::ObservedEnd{.index = pair.link.index, .name = name, .kind = "veth", .alias = pair.link.alias};
  }
  return std::nullopt;
}

std::optional<kernel::Counters> FakeInspector::find_counters(const std::string& interface,
                                                             const kernel::Namespace& netns) {
  const auto found = counters.find(netns.path + ' ' + interface);
  return found == counters.end() ? std::nullopt : std::optional{found->second};
}

std::vector<kernel::PeerLocation> FakeInspector::locate_peers(const std::vector<kernel::HostLink>& links,
                                                              const std::vector<std::string>& /*namespaces*/) {
  std::vector<kernel::PeerLocation> all;
  all.reserve(links.size());
  for (const auto& link : links) all.push_back(locations[link.name]);
  return all;
}

std::vector<cni::Prefix> FakeInspector::addresses(const kernel::Namespace& netns) {
  return addresses_by_path[netns.path];
}

std::vector<kernel::Conflict> FakeInspector::find_unreachable(const wiring::Wiring& wanted,
                                                              std::uint32_t /*device_index*/,
                                                              const kernel::Routing& host) {
  std::vector<kernel::Conflict> found;
  for (const auto& address : wanted.container.addresses) {
    const auto elsewhere = unreachable.find(address.prefix.address);
    if (elsewhere != unreachable.end())
      found.push_back({.address = elsewhere->first,
                       .is_host_address = elsewhere->second,
                       .route = kernel::find_entry(host, elsewhere->first)});
  }
  return found;
}

bool FakeInspector::passes_rp_filter(const kernel::IncomingPacket& packet) {
  return !rejected_sources.contains(cni::to_string(packet.source));
}

kernel::Firewall FakeInspector::observe_firewall() { return firewall; }

wiring::ObservedRules FakeInspector::find_rules(cni::Tag attachment) {
  const auto found =
      std::ranges::find(fake_.rules, attachment, [](const auto& wiring) { return cni::tag_of(wiring.attachment); });
  if (found == fake_.rules.end()) return {};
  return {.masquerades = found->masquerades,
          .host_ports = found->host_ports,
          .checks_macs = found->bridge && found->bridge->check_macs};
}

std::optional<kernel::Conflict> FakeRepairer::repair(const wiring::Wiring& /*wiring*/,
                                                     const kernel::AttachmentContext& /*context*/) {
  fake_.calls.emplace_back("repair");
  fake_.throw_configured_error("repair");
  fake_.modify_observed = [](wiring::Observed&) {};
  return conflict;
}

}  // namespace test
