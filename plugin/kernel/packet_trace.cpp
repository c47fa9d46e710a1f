#include "plugin/kernel/packet_trace.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/nft_attributes.hpp"
#include "plugin/kernel/packet_headers.hpp"
#include "plugin/posix/system_error.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace kernel {
namespace {

constexpr std::uint32_t id_bytes = 2;

std::string table_name() { return "veth_probe_" + std::to_string(::getpid()); }

nfgenmsg header_of(std::uint8_t family, std::uint16_t resource = 0) {
  return {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = resource};
}

NetlinkRequest batch_limit(int type) {
  return {new_message(type, 0, header_of(0, htons(NFNL_SUBSYS_NFTABLES)), std::string_view{}), "trace packets"};
}

NetlinkRequest add(int message, std::uint8_t family, const Bytes& attributes) {
  constexpr int flags = NLM_F_CREATE | NLM_F_APPEND;
  return {new_message(nft_message_type(message), flags, header_of(family), attributes),
          "add a table that traces packets"};
}

Bytes expression(const char* name, const Bytes& attributes) {
  return nft_nest(NFTA_LIST_ELEM, nft_text(NFTA_EXPR_NAME, name) + nft_nest(NFTA_EXPR_DATA, attributes));
}

/// @th,OFFSET,16 == ID
Bytes has_id(std::uint16_t id, std::uint32_t offset) {
  return expression("payload", nft_number(NFTA_PAYLOAD_DREG, NFT_REG32_00) +
                                   nft_number(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER) +
                                   nft_number(NFTA_PAYLOAD_OFFSET, offset) + nft_number(NFTA_PAYLOAD_LEN, id_bytes)) +
         expression("cmp", nft_number(NFTA_CMP_SREG, NFT_REG32_00) + nft_number(NFTA_CMP_OP, NFT_CMP_EQ) +
                               nft_nest(NFTA_CMP_DATA, nft_bytes(NFTA_DATA_VALUE, value_of_port(id))));
}

/// meta nftrace set 1
Bytes set_trace() {
  return expression("immediate", nft_number(NFTA_IMMEDIATE_DREG, NFT_REG32_00) +
                                     nft_nest(NFTA_IMMEDIATE_DATA, nft_bytes(NFTA_DATA_VALUE, value_of_byte(1)))) +
         expression("meta", nft_number(NFTA_META_KEY, NFT_META_NFTRACE) + nft_number(NFTA_META_SREG, NFT_REG32_00));
}

NetlinkRequest add_rule(std::uint8_t family, const char* chain, const Bytes& expressions) {
  return add(NFT_MSG_NEWRULE, family,
             nft_text(NFTA_RULE_TABLE, table_name()) + nft_text(NFTA_RULE_CHAIN, chain) +
                 nft_nest(NFTA_RULE_EXPRESSIONS, expressions));
}

/// Before all other chains, also those that run before connection tracking.
NetlinkRequest add_chain(std::uint8_t family, const char* name, std::uint32_t hook) {
  constexpr std::int32_t priority = -1000;
  return add(NFT_MSG_NEWCHAIN, family,
             nft_text(NFTA_CHAIN_TABLE, table_name()) + nft_text(NFTA_CHAIN_NAME, name) +
                 nft_text(NFTA_CHAIN_TYPE, "filter") +
                 nft_nest(NFTA_CHAIN_HOOK, nft_number(NFTA_HOOK_HOOKNUM, hook) +
                                               nft_number(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority))));
}

posix::FileDescriptor open_events() {
  posix::FileDescriptor socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER)};
  if (!socket) posix::throw_errno("open a netlink socket");
  sockaddr_nl any{};
  any.nl_family = AF_NETLINK;
  constexpr int group = NFNLGRP_NFTRACE;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) < 0 ||
      ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
    posix::throw_errno("receive the traces of nftables");
  }
  return socket;
}

const char* family_words(std::uint8_t family) {
  if (family == NFPROTO_INET) return "inet";
  if (family == NFPROTO_IPV4) return "ip";
  if (family == NFPROTO_BRIDGE) return "bridge";
  return family == NFPROTO_IPV6 ? "ip6" : "netdev";
}

using TraceAttributes = std::array<nlattr*, NFTA_TRACE_MAX + 1>;

bool is_drop(const TraceAttributes& attributes) {
  const auto type = nft_number_in(attributes[NFTA_TRACE_TYPE]);
  if (type == NFT_TRACETYPE_POLICY) return nft_number_in(attributes[NFTA_TRACE_POLICY]) == NF_DROP;
  const auto* code = find_nested(attributes[NFTA_TRACE_VERDICT], NFTA_VERDICT_CODE);
  return type == NFT_TRACETYPE_RULE && code != nullptr && nft_number_in(code) == NF_DROP;
}

/// The first of the numbers that the header of the packet contains; 0: none.
std::uint16_t id_in(const nlattr* header, const std::vector<std::uint16_t>& ids) {
  std::array<std::uint16_t, id_offsets.size()> halves{};
  if (header == nullptr || !read_bytes(header, halves.data(), sizeof halves)) return 0;
  for (const auto half : halves) {
    if (std::ranges::find(ids, ntohs(half)) != ids.end()) return ntohs(half);
  }
  return 0;
}

}  // namespace

std::optional<TracedDrop> TraceReader::read(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  TraceAttributes attributes{};
  if (header->nlmsg_type != nft_message_type(NFT_MSG_TRACE)) return std::nullopt;
  if (nlmsg_parse(header, sizeof(nfgenmsg), attributes.data(), NFTA_TRACE_MAX, nullptr) < 0) return std::nullopt;
  auto& id = id_of_packet_[nft_number_in(attributes[NFTA_TRACE_ID])];
  if (const auto found = id_in(attributes[NFTA_TRACE_TRANSPORT_HEADER], ids_); found != 0) id = found;
  if (id == 0 || !is_drop(attributes)) return std::nullopt;
  const auto family = static_cast<const nfgenmsg*>(nlmsg_data(header))->nfgen_family;
  return TracedDrop{.id = id,
                    .drop = {.family = family_words(family),
                             .table = text_in(attributes[NFTA_TRACE_TABLE]),
                             .chain = text_in(attributes[NFTA_TRACE_CHAIN]),
                             .handle = be64toh(number_in<std::uint64_t>(attributes[NFTA_TRACE_RULE_HANDLE]))}};
}

/// Sets the trace mark on received and on sent packets with one of the numbers.
void PacketTrace::add_table(std::uint8_t family, std::span<const std::uint16_t> ids) {
  std::vector<NetlinkRequest> requests;
  requests.push_back(batch_limit(NFNL_MSG_BATCH_BEGIN));
  requests.push_back(add(NFT_MSG_NEWTABLE, family,
                         nft_text(NFTA_TABLE_NAME, table_name()) + nft_number(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER)));
  requests.push_back(add_chain(family, "received", NF_INET_PRE_ROUTING));
  requests.push_back(add_chain(family, "sent", NF_INET_LOCAL_OUT));
  for (const auto id : ids) {
    for (const auto offset : id_offsets) {
      const auto rule = has_id(id, offset) + set_trace();
      for (const auto* chain : {"received", "sent"}) requests.push_back(add_rule(family, chain, rule));
    }
  }
  requests.push_back(batch_limit(NFNL_MSG_BATCH_END));
  const auto answers = owner_.commit(requests);
  if (answers.refusals.empty()) return;
  const auto error = answers.refusals.front().error;
  if (error != EOPNOTSUPP && error != EAFNOSUPPORT && error != EINVAL) {
    throw refusal_error(answers.refusals.front(), requests);
  }
}

PacketTrace::PacketTrace(const std::vector<std::uint16_t>& ids)
    : reader_(ids), events_(open_events()), owner_(NETLINK_NETFILTER) {
  for (const std::uint8_t family : {NFPROTO_INET, NFPROTO_BRIDGE}) add_table(family, ids);
}

/// Messages that do not fit the receive buffer (ENOBUFS) are lost.
std::vector<TracedDrop> PacketTrace::read() {
  constexpr std::size_t largest = 8192;
  std::vector<TracedDrop> drops;
  std::string buffer(largest, '\0');
  for (;;) {
    const auto received = ::recv(events_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (received < 0 && errno == ENOBUFS) continue;
    if (received < 0) return drops;
    auto rest = static_cast<int>(received);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(header, rest) != 0;
         header = nlmsg_next(header, &rest)) {
      auto drop = reader_.read({reinterpret_cast<const char*>(header), header->nlmsg_len});
      if (drop) drops.push_back(*std::move(drop));
    }
  }
}

}  // namespace kernel
