#include "plugin/kernel/conntrack.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/nft_attributes.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace kernel {
namespace {

// Which members of a tuple a filter compares; in the kernel's own headers alone (net/netfilter/nf_conntrack_tuple.h).
constexpr std::uint32_t compares_source = 1;
constexpr std::uint32_t compares_destination = 2;
constexpr std::uint32_t compares_protocol = 8;
constexpr std::uint32_t compares_destination_port = 32;

/// UDP flows of one family: those to a port, those to a port of one address, or those that an address answers.
struct Flows {
  std::uint16_t to_port = 0;  ///< 0: any
  std::optional<cni::IpAddress> to_address{};
  std::optional<cni::IpAddress> answered_by{};

  bool operator==(const Flows&) const = default;
};

Bytes address_attribute(const cni::IpAddress& address, int ipv4_type, int ipv6_type) {
  const int type = address.family == cni::Family::ipv4 ? ipv4_type : ipv6_type;
  return nft_nest(CTA_TUPLE_IP, nft_bytes(type, value_of(address)));
}

Bytes protocol_attribute(std::uint16_t destination_port) {
  auto protocol = nft_bytes(CTA_PROTO_NUM, value_of_byte(IPPROTO_UDP));
  if (destination_port != 0) protocol += nft_bytes(CTA_PROTO_DST_PORT, value_of_port(destination_port));
  return nft_nest(CTA_TUPLE_PROTO, protocol);
}

Bytes filter_attribute(std::uint32_t original, std::uint32_t reply) {
  return nft_nest(CTA_FILTER, nft_bytes(CTA_FILTER_ORIG_FLAGS, value_of_host_number(original)) +
                                  nft_bytes(CTA_FILTER_REPLY_FLAGS, value_of_host_number(reply)));
}

/// The flags are never all 0: that would mean every flow of the node.
Bytes filter_of(const Flows& flows) {
  if (flows.answered_by) {
    const auto source = address_attribute(*flows.answered_by, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
    return nft_nest(CTA_TUPLE_REPLY, source + protocol_attribute(0)) +
           filter_attribute(0, compares_source | compares_protocol);
  }
  auto flags = compares_protocol | compares_destination_port;
  Bytes destination;
  if (flows.to_address) {
    destination = address_attribute(*flows.to_address, CTA_IP_V4_DST, CTA_IP_V6_DST);
    flags |= compares_destination;
  }
  return nft_nest(CTA_TUPLE_ORIG, destination + protocol_attribute(flows.to_port)) + filter_attribute(flags, 0);
}

Message conntrack_message(int type, cni::Family family, const Bytes& attributes) {
  const nfgenmsg header{
      .nfgen_family = static_cast<std::uint8_t>(kernel_family(family)), .version = NFNETLINK_V0, .res_id = 0};
  return new_message((NFNL_SUBSYS_CTNETLINK << 8) | type, 0, header, attributes);
}

constexpr const char* act = "forget UDP flows of mapped ports";

// A tuple as a dump tells it.

std::string_view nested_in(std::string_view attributes, int type) {
  const nlattr* found =
      nla_find(reinterpret_cast<const nlattr*>(attributes.data()), static_cast<int>(attributes.size()), type);
  if (found == nullptr) return {};
  return {static_cast<const char*>(nla_data(found)), static_cast<std::size_t>(nla_len(found))};
}

std::string_view attributes_of(const std::string& message) {
  const std::size_t header_bytes = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg));
  return message.size() < header_bytes ? std::string_view{} : std::string_view{message}.substr(header_bytes);
}

bool has_address(std::string_view tuple, const cni::IpAddress& address, int ipv4_type, int ipv6_type) {
  const int type = address.family == cni::Family::ipv4 ? ipv4_type : ipv6_type;
  return nested_in(nested_in(tuple, CTA_TUPLE_IP), type) == value_of(address);
}

bool is_among(const Flows& flows, std::string_view original, std::string_view reply, std::string_view port) {
  if (flows.answered_by) return has_address(reply, *flows.answered_by, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  if (port != value_of_port(flows.to_port)) return false;
  return !flows.to_address || has_address(original, *flows.to_address, CTA_IP_V4_DST, CTA_IP_V6_DST);
}

bool is_among_any(std::span<const Flows> all, std::string_view flow) {
  const auto original = nested_in(flow, CTA_TUPLE_ORIG);
  const auto protocol = nested_in(original, CTA_TUPLE_PROTO);
  if (nested_in(protocol, CTA_PROTO_NUM) != value_of_byte(IPPROTO_UDP)) return false;
  const auto reply = nested_in(flow, CTA_TUPLE_REPLY);
  const auto port = nested_in(protocol, CTA_PROTO_DST_PORT);
  return std::any_of(all.begin(), all.end(),
                     [&](const Flows& flows) { return is_among(flows, original, reply, port); });
}

/// All flows of the family are read once, and those that are meant are forgotten one by one.
void forget_by_reading(cni::Family family, std::span<const Flows> all, NetlinkSocket& netfilter) {
  std::vector<NetlinkRequest> requests;
  const NetlinkRequest list{conntrack_message(IPCTNL_MSG_CT_GET, family, {}), act, {EINVAL, EOPNOTSUPP}};
  netfilter.read(list, [&](const std::string& message) {
    const auto flow = attributes_of(message);
    if (!is_among_any(all, flow)) return;
    const auto tuple = nft_nest(CTA_TUPLE_ORIG, nested_in(flow, CTA_TUPLE_ORIG));
    requests.push_back({conntrack_message(IPCTNL_MSG_CT_DELETE, family, tuple), act, {ENOENT}});
  });
  if (!requests.empty()) netfilter.transact(requests);
}

/// Kernels before 6.12 forget no flows by a filter.
bool is_unknown(int error) { return error == EINVAL || error == EOPNOTSUPP; }

/// A filter costs a walk through all flows (netfilter.md, section F), so many of them are one list instead.
void forget(cni::Family family, const std::vector<Flows>& all, NetlinkSocket& netfilter) {
  constexpr std::size_t most_filters = 4;
  if (all.empty()) return;
  if (all.size() > most_filters) return forget_by_reading(family, all, netfilter);
  std::vector<NetlinkRequest> requests;
  for (const auto& flows : all) {
    requests.push_back({conntrack_message(IPCTNL_MSG_CT_DELETE, family, filter_of(flows)), act, {ENOENT}});
  }
  const auto refusals = netfilter.send(requests).refusals;
  if (refusals.empty()) return;
  if (!is_unknown(refusals.front().error)) throw refusal_error(refusals.front(), requests);
  forget_by_reading(family, all, netfilter);
}

/// The filter's comparison of IPv6 addresses is the wrong way round in kernels up to at least 6.18 (netfilter.md, 0.3):
/// there the port alone says which flows are meant.
Flows flows_to(const MappedFlow& mapped) {
  Flows flows{.to_port = mapped.host_port};
  if (mapped.family == cni::Family::ipv4) flows.to_address = mapped.host_address;
  return flows;
}

Flows flows_through(const MappedFlow& mapped) {
  if (mapped.family == cni::Family::ipv6) return flows_to(mapped);
  return {.answered_by = mapped.container_address};
}

void forget(const std::vector<MappedFlow>& mapped, Flows (*flows_of)(const MappedFlow&), NetlinkSocket& netfilter) {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    std::vector<Flows> all;
    for (const auto& flow : mapped) {
      if (flow.protocol != IPPROTO_UDP || flow.family != family) continue;
      const auto flows = flows_of(flow);
      if (std::find(all.begin(), all.end(), flows) == all.end()) all.push_back(flows);
    }
    forget(family, all, netfilter);
  }
}

}  // namespace

void forget_unmapped_flows(const std::vector<MappedFlow>& mapped, NetlinkSocket& netfilter) {
  forget(mapped, flows_to, netfilter);
}

void forget_mapped_flows(const std::vector<MappedFlow>& unmapped, NetlinkSocket& netfilter) {
  forget(unmapped, flows_through, netfilter);
}

}  // namespace kernel
