#pragma once

#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/wiring/wiring.hpp"
#include "test/support/addresses.hpp"

#include <string>
#include <string_view>

// Attachments, bridges and nodes for tests.
namespace test {

/// Enough columns to truncate nothing.
inline constexpr std::size_t wide = 200;

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Interface eth0 of a container in network "net", routed, with 10.1.2.2/24, a minute old.
inline inspect::Attachment routed(const std::string& container) {
  inspect::Attachment attachment{.identity = {"net", container, "eth0"}};
  attachment.tag = cni::tag_of(attachment.identity);
  attachment.mode = "ptp";
  attachment.netns = "/run/netns/" + container;
  attachment.host_interface = "veth-" + container;
  attachment.host_index = 7;
  attachment.addresses = {prefix("10.1.2.2/24")};
  attachment.age = std::chrono::seconds{60};
  return attachment;
}

/// The same in network "lan" with a port of a bridge.
inline inspect::Attachment bridged(const std::string& container, const std::string& bridge) {
  auto attachment = routed(container);
  attachment.identity.network = "lan";
  attachment.tag = cni::tag_of(attachment.identity);
  attachment.mode = "bridge";
  attachment.bridge = bridge;
  return attachment;
}

/// A veth pair between two namespaces, network "cable".
inline inspect::Attachment joined(const std::string& container, const std::string& peer) {
  auto attachment = routed(container);
  attachment.identity.network = "cable";
  attachment.tag = cni::tag_of(attachment.identity);
  attachment.mode = "netns";
  attachment.host_interface.clear();
  attachment.host_index = 0;
  attachment.peer_netns = "/run/netns/" + peer;
  attachment.peer_interface = "eth1";
  attachment.peer_addresses = {prefix("10.1.2.3/24")};
  return attachment;
}

inline inspect::Attachment in_state(inspect::Attachment attachment, inspect::State state) {
  attachment.state = state;
  return attachment;
}

/// The same with a mapped port and rate limits.
inline inspect::Attachment with_services(inspect::Attachment attachment) {
  attachment.ports = {"8080:80/tcp"};
  attachment.ingress_limit = {.rate_bytes_per_second = 2'500'000, .burst_bytes = 65536};
  attachment.egress_limit = {.rate_bytes_per_second = 1'250'000, .burst_bytes = 65536};
  return attachment;
}

inline inspect::Bridge bridge(const std::string& name) {
  return {.name = name,
          .mac = cni::find_mac("02:00:00:00:00:01").value(),
          .is_up = true,
          .addresses = {prefix("10.88.0.1/16")}};
}

/// A node with one attachment of each mode.
inline inspect::Node small_node() {
  return {.hostname = "node-1",
          .attachments = {joined("red", "blue"), bridged("db", "cni0"), routed("web")},
          .bridges = {bridge("cni0")},
          .gateways = {ip("fd00::1")}};
}

/// A routed wiring in the form that ADD creates.
inline wiring::Wiring wanted(const std::string& container) {
  wiring::Wiring wiring{.attachment = {"net", container, "eth0"}, .mtu = 1500};
  wiring.container = {.name = "eth0",
                      .mac = cni::find_mac("02:00:00:00:00:0a").value(),
                      .addresses = {{prefix("fe80::a/64")}, {prefix("10.1.2.2/24")}},
                      .routes = {{.destination = prefix("0.0.0.0/0"), .gateway = ip("10.1.2.1")}}};
  wiring.host = {.name = cni::host_interface_name(cni::tag_of(wiring.attachment)),
                 .mac = cni::find_mac("02:00:00:00:00:0b").value(),
                 .addresses = {{prefix("10.1.2.1/32")}},
                 .routes = {{.destination = prefix("10.1.2.2/32")}}};
  wiring.host_gateways = {ip("fd00::1")};
  return wiring;
}

}  // namespace test
