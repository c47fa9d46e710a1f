#include "plugin/kernel/conntrack.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/nft_attributes.hpp"
#include "plugin/kernel/routes.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace kernel {
namespace {

// The flags of CTA_FILTER that select which members of a tuple are compared. They are not part of the UAPI
// (include/net/netfilter/nf_conntrack_tuple.h in the kernel).
constexpr std::uint32_t compares_protocol = 8;
constexpr std::uint32_t compares_destination_port = 32;

constexpr const char* delete_action = "delete UDP flows of mapped ports";

/// The UDP mappings of one family, by their host ports.
using MappedPortsByNumber = std::unordered_map<std::uint16_t, std::vector<MappedPort>>;

/// A UDP flow as the kernel lists it.
struct Flow {
  std::uint16_t host_port = 0;
  cni::IpAddress destination{};  ///< of the first packet, before DNAT
  cni::IpAddress reply_source{};
  Bytes original{};  ///< attributes of the original tuple; they identify the flow for its deletion
};

Message conntrack_message(int type, cni::Family family, const Bytes& attributes) {
  const nfgenmsg header{
      .nfgen_family = static_cast<std::uint8_t>(kernel_family(family)), .version = NFNETLINK_V0, .res_id = 0};
  return new_message((NFNL_SUBSYS_CTNETLINK << 8) | type, 0, header, attributes);
}

/// The filter compares the protocol, and the port if there is only one. It does not compare addresses: for IPv6 the
/// comparison is inverted up to at least Linux 6.18 (ctnetlink_filter_match_tuple() in
/// net/netfilter/nf_conntrack_netlink.c).
Bytes filter_of(const MappedPortsByNumber& ports) {
  auto flags = compares_protocol;
  auto protocol = nft_bytes(CTA_PROTO_NUM, value_of_byte(IPPROTO_UDP));
  if (ports.size() == 1) {
    flags |= compares_destination_port;
    protocol += nft_bytes(CTA_PROTO_DST_PORT, value_of_port(ports.begin()->first));
  }
  return nft_nest(CTA_TUPLE_ORIG, nft_nest(CTA_TUPLE_PROTO, protocol)) +
         nft_nest(CTA_FILTER, nft_bytes(CTA_FILTER_ORIG_FLAGS, value_of_host_number(flags)) +
                                  nft_bytes(CTA_FILTER_REPLY_FLAGS, value_of_host_number(0)));
}

const nlattr* find_in(std::string_view attributes, int type) {
  return nla_find(reinterpret_cast<const nlattr*>(attributes.data()), static_cast<int>(attributes.size()), type);
}

std::string_view nested_in(std::string_view attributes, int type) {
  const nlattr* found = find_in(attributes, type);
  if (found == nullptr) return {};
  return {static_cast<const char*>(nla_data(found)), static_cast<std::size_t>(nla_len(found))};
}

std::string_view attributes_of(const std::string& message) {
  const std::size_t header_bytes = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg));
  return message.size() < header_bytes ? std::string_view{} : std::string_view{message}.substr(header_bytes);
}

std::optional<cni::IpAddress> address_in(std::string_view tuple, cni::Family family, int ipv4_type, int ipv6_type) {
  const int type = family == cni::Family::ipv4 ? ipv4_type : ipv6_type;
  return find_address(find_in(nested_in(tuple, CTA_TUPLE_IP), type), family);
}

/// nullopt if the flow is not UDP.
std::optional<Flow> find_flow(const std::string& message, cni::Family family) {
  const auto attributes = attributes_of(message);
  const auto original = nested_in(attributes, CTA_TUPLE_ORIG);
  const auto protocol = nested_in(original, CTA_TUPLE_PROTO);
  if (nested_in(protocol, CTA_PROTO_NUM) != value_of_byte(IPPROTO_UDP)) return std::nullopt;
  const auto reply = nested_in(attributes, CTA_TUPLE_REPLY);
  const auto destination = address_in(original, family, CTA_IP_V4_DST, CTA_IP_V6_DST);
  const auto reply_source = address_in(reply, family, CTA_IP_V4_SRC, CTA_IP_V6_SRC);
  if (!destination || !reply_source) return std::nullopt;
  return Flow{.host_port = ntohs(number_in<std::uint16_t>(find_in(protocol, CTA_PROTO_DST_PORT))),
              .destination = *destination,
              .reply_source = *reply_source,
              .original = nft_nest(CTA_TUPLE_ORIG, original)};
}

using Matches = bool (*)(const Flow&, const MappedPort&);

/// The flows of all mappings, by one dump of the conntrack table. Kernels before 5.8 ignore the filter.
std::vector<Flow> list_flows(cni::Family family, const MappedPortsByNumber& ports, Matches matches,
                             NetlinkSocket& netfilter) {
  std::vector<Flow> flows;
  const NetlinkRequest list{
      conntrack_message(IPCTNL_MSG_CT_GET, family, filter_of(ports)), delete_action, {EINVAL, EOPNOTSUPP}};
  netfilter.dump_each(list, [&](const std::string& message) {
    auto flow = find_flow(message, family);
    const auto found = flow ? ports.find(flow->host_port) : ports.end();
    if (found == ports.end()) return;
    const auto is_match = [&](const MappedPort& mapped) { return matches(*flow, mapped); };
    if (std::ranges::any_of(found->second, is_match)) flows.push_back(std::move(*flow));
  });
  return flows;
}

void delete_flows(cni::Family family, const std::vector<Flow>& flows, NetlinkSocket& netfilter) {
  std::vector<NetlinkRequest> requests;
  for (const auto& flow : flows) {
    requests.push_back({conntrack_message(IPCTNL_MSG_CT_DELETE, family, flow.original), delete_action, {ENOENT}});
  }
  if (!requests.empty()) netfilter.send_or_throw(requests);
}

std::set<cni::IpAddress> local_among(const std::set<cni::IpAddress>& addresses) {
  std::vector<NetlinkRequest> queries;
  for (const auto& address : addresses) queries.push_back(get_route(address));
  std::set<cni::IpAddress> local;
  NetlinkSocket host{NETLINK_ROUTE};
  for (const auto& answer : host.send_or_throw(queries)) {
    const auto route = find_route(answer);
    if (route && count_local_routes({answer}) > 0) local.insert(route->route.destination.address);
  }
  return local;
}

/// Port mappings apply to packets to the host. Forwarded flows to the same port of other hosts must not be deleted.
void erase_forwarded(std::vector<Flow>& flows) {
  if (flows.empty()) return;
  std::set<cni::IpAddress> destinations;
  for (const auto& flow : flows) destinations.insert(flow.destination);
  const auto local = local_among(destinations);
  std::erase_if(flows, [&](const Flow& flow) { return !local.contains(flow.destination); });
}

MappedPortsByNumber ports_of(const std::vector<MappedPort>& mapped, cni::Family family) {
  MappedPortsByNumber ports;
  for (const auto& mapping : mapped) {
    if (mapping.protocol == IPPROTO_UDP && mapping.family == family) ports[mapping.host_port].push_back(mapping);
  }
  return ports;
}

void for_each_family(const std::vector<MappedPort>& mapped,
                     const std::function<void(cni::Family, const MappedPortsByNumber&)>& action) {
  for (const auto family : {cni::Family::ipv4, cni::Family::ipv6}) {
    const auto ports = ports_of(mapped, family);
    if (!ports.empty()) action(family, ports);
  }
}

bool is_to_host_address(const Flow& flow, const MappedPort& mapped) {
  return !mapped.host_address || *mapped.host_address == flow.destination;
}

bool is_reply_from(const Flow& flow, const MappedPort& mapped) { return flow.reply_source == mapped.container_address; }

}  // namespace

void delete_flows_to_host_ports(const std::vector<MappedPort>& mappings, NetlinkSocket& netfilter) {
  for_each_family(mappings, [&](cni::Family family, const MappedPortsByNumber& ports) {
    auto flows = list_flows(family, ports, is_to_host_address, netfilter);
    erase_forwarded(flows);
    delete_flows(family, flows, netfilter);
  });
}

void delete_flows_to_containers(const std::vector<MappedPort>& mappings, NetlinkSocket& netfilter) {
  for_each_family(mappings, [&](cni::Family family, const MappedPortsByNumber& ports) {
    delete_flows(family, list_flows(family, ports, is_reply_from, netfilter), netfilter);
  });
}

}  // namespace kernel
