#include "plugin/vethctl/report/json.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/wiring/text.hpp"

namespace report {
namespace {

constexpr std::size_t json_indent = 2;

using cni::JsonWriter;

void member(JsonWriter& json, const char* name, const std::vector<std::string>& values) {
  json.key(name);
  json.begin_array();
  for (const auto& value : values) json.string(value);
  json.end_array();
}

void member(JsonWriter& json, const char* name, bool value) {
  json.key(name);
  json.boolean(value);
}

void members_of_mode(JsonWriter& json, const inspect::Attachment& attachment) {
  if (!attachment.bridge.empty()) json.member("bridge", attachment.bridge);
  if (!attachment.ovs_bridge.empty()) json.member("ovsBridge", attachment.ovs_bridge);
  if (attachment.peer_netns.empty()) return;
  json.member("peerNetns", attachment.peer_netns);
  json.member("peerInterface", attachment.peer_interface);
  member(json, "peerAddresses", texts(attachment.peer_addresses));
}

void members(JsonWriter& json, const inspect::Attachment& attachment) {
  json.member("network", attachment.identity.network);
  json.member("container", attachment.identity.container);
  json.member("interface", attachment.identity.interface);
  json.member("tag", cni::to_string(attachment.tag));
  json.member("state", inspect::to_string(attachment.state));
  json.member("mode", attachment.mode);
  json.member("netns", attachment.netns);
  json.member("hostInterface", attachment.host_interface);
  json.member("hostIndex", attachment.host_index);
  members_of_mode(json, attachment);
  member(json, "addresses", texts(attachment.addresses));
  member(json, "ports", attachment.ports);
  if (attachment.age) json.member("ageSeconds", static_cast<std::uint64_t>(attachment.age->count()));
}

void write(JsonWriter& json, const inspect::Attachment& attachment) {
  json.begin_object();
  members(json, attachment);
  json.end_object();
}

void write(JsonWriter& json, const inspect::Bridge& bridge) {
  json.begin_object();
  json.member("name", bridge.name);
  json.member("mac", cni::to_string(bridge.mac));
  member(json, "isUp", bridge.is_up);
  member(json, "addresses", texts(bridge.addresses));
  json.end_object();
}

template <class Value>
void write(JsonWriter& json, const std::vector<Value>& values) {
  json.begin_array();
  for (const auto& value : values) write(json, value);
  json.end_array();
}

void write(JsonWriter& json, const wiring::ObservedEnd& end) {
  json.begin_object();
  json.member("index", end.index);
  json.member("peerIndex", end.peer_index);
  json.member("alias", end.alias);
  json.member("mac", cni::to_string(end.mac));
  json.member("mtu", end.mtu);
  member(json, "isUp", end.is_up);
  member(json, "addresses", texts(end.addresses));
  member(json, "routes", texts(end.routes));
  json.end_object();
}

void write(JsonWriter& json, const kernel::Traffic& traffic) {
  json.begin_object();
  json.member("packets", traffic.packets);
  json.member("bytes", traffic.bytes);
  json.member("errors", traffic.errors);
  json.member("dropped", traffic.dropped);
  json.end_object();
}

void write(JsonWriter& json, const kernel::Counters& counters) {
  json.begin_object();
  json.key("received");
  write(json, counters.received);
  json.key("sent");
  write(json, counters.sent);
  json.end_object();
}

void write(JsonWriter& json, const wiring::RateLimit& limit) {
  json.begin_object();
  json.member("rateBytesPerSecond", limit.rate_bytes_per_second);
  json.member("burstBytes", limit.burst_bytes);
  json.end_object();
}

void member(JsonWriter& json, const char* name, const std::optional<wiring::RateLimit>& limit) {
  if (!limit) return;
  json.key(name);
  write(json, *limit);
}

/// The rate limits that are in effect.
void write_limits(JsonWriter& json, const wiring::Observed& observed) {
  json.key("limits");
  json.begin_object();
  member(json, "ingress", observed.ingress_limit);
  if (observed.ifb && observed.ifb->index == observed.redirected_to) member(json, "egress", observed.ifb->limit);
  json.end_object();
}

/// Those of the two ends that are known.
void write_ends(JsonWriter& json, const char* name, const auto& container, const auto& host) {
  json.key(name);
  json.begin_object();
  if (container) {
    json.key("container");
    write(json, *container);
  }
  if (host) {
    json.key("host");
    write(json, *host);
  }
  json.end_object();
}

}  // namespace

std::string json(const cni::Attachment& attachment) {
  cni::JsonWriter json{json_indent};
  json.begin_object();
  json.member("network", attachment.network);
  json.member("container", attachment.container);
  json.member("interface", attachment.interface);
  json.end_object();
  return json.finished();
}

std::string json(const std::vector<inspect::Attachment>& attachments) {
  JsonWriter json{json_indent};
  write(json, attachments);
  return json.finished();
}

std::string json(const inspect::Node& node) {
  JsonWriter json{json_indent};
  json.begin_object();
  json.member("hostname", node.hostname);
  member(json, "gateways", texts(node.gateways));
  json.key("bridges");
  write(json, node.bridges);
  json.key("attachments");
  write(json, node.attachments);
  json.end_object();
  return json.finished();
}

std::string json(const inspect::Detail& detail) {
  JsonWriter json{json_indent};
  json.begin_object();
  members(json, detail.attachment);
  if (detail.wanted) {
    json.key("wanted");
    json.json(wiring::to_text(*detail.wanted));
  }
  write_ends(json, "kernel", detail.observed.container, detail.observed.host);
  write_limits(json, detail.observed);
  write_ends(json, "counters", detail.container, detail.host);
  member(json, "differences", texts(detail.differences));
  json.end_object();
  return json.finished();
}

}  // namespace report
