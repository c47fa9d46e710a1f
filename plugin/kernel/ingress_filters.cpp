#include "plugin/kernel/ingress_filters.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/kernel/packet_program.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace kernel {
namespace {

constexpr std::uint32_t qdisc_handle = TC_H_MAJ(TC_H_INGRESS);                      // "ffff:"
constexpr std::uint32_t ingress_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);  // "ffff:fff2"
constexpr std::uint32_t guard_priority = 1;                                         // before a redirection
constexpr std::uint32_t accept_priority = 1;
constexpr std::uint32_t drop_priority = 2;
constexpr std::uint32_t only_filter = 1;

const char* const options_hint = " (\"ipspoofchk\": false disables the check)";

std::uint32_t info_of(std::uint32_t priority) { return TC_H_MAKE(priority << 16U, htons(ETH_P_ALL)); }

tcmsg header_on(const Device& device, std::uint32_t parent) {
  tcmsg header{};
  header.tcm_ifindex = static_cast<int>(device.index);
  header.tcm_parent = parent;
  return header;
}

tcmsg filter_on(const Device& device) {
  auto header = header_on(device, ingress_parent);
  header.tcm_handle = only_filter;
  header.tcm_info = info_of(guard_priority);
  return header;
}

tcmsg filter_in(std::uint32_t block, std::uint32_t priority, std::uint32_t handle) {
  tcmsg header{};
  header.tcm_ifindex = static_cast<int>(TCM_IFINDEX_MAGIC_BLOCK);
  header.tcm_block_index = block;
  header.tcm_handle = handle;
  header.tcm_info = info_of(priority);
  return header;
}

Message filter_message(const tcmsg& header, int flags, const PacketProgram& program) {
  const auto bytes = program.size() * sizeof(sock_filter);
  auto message = new_message(RTM_NEWTFILTER, NLM_F_CREATE | flags, &header, sizeof header, bytes);
  put_text(message.get(), TCA_KIND, "bpf");
  nlattr* options = nla_nest_start(message.get(), TCA_OPTIONS);
  nla_put_u16(message.get(), TCA_BPF_OPS_LEN, static_cast<std::uint16_t>(program.size()));
  nla_put(message.get(), TCA_BPF_OPS, static_cast<int>(bytes), program.data());
  put_number(message.get(), TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  nla_nest_end(message.get(), options);
  return message;
}

Message filter_deletion(const tcmsg& header) {
  auto message = new_message(RTM_DELTFILTER, header);
  put_text(message.get(), TCA_KIND, "bpf");
  return message;
}

Message qdisc_message(const Device& device, const char* kind) {
  auto header = header_on(device, TC_H_INGRESS);
  header.tcm_handle = qdisc_handle;
  auto message = new_message(RTM_NEWQDISC, header, NLM_F_CREATE | NLM_F_EXCL);
  put_text(message.get(), TCA_KIND, kind);
  return message;
}

NetlinkRequest add_qdisc_with_block(const Device& device, const char* kind, int attribute, std::uint32_t block) {
  auto message = qdisc_message(device, kind);
  put_number(message.get(), attribute, block);
  return {std::move(message), "check the sources of packets on " + text::quoted(device.name) + options_hint, {EEXIST}};
}

/// The errors of the kernel if there is no block, no qdisc or no filter; EOPNOTSUPP: it has no traffic control.
const std::vector<int> no_filter_errors{ENOENT, EINVAL, EOPNOTSUPP};

NetlinkRequest get_filter(const tcmsg& header) {
  auto message = new_message(RTM_GETTFILTER, header);
  put_text(message.get(), TCA_KIND, "bpf");
  return {std::move(message), "get a filter of received packets", no_filter_errors};
}

/// The kernel sends the answer to the requester only with NLM_F_ECHO.
NetlinkRequest get_ingress_qdisc(const Device& device) {
  return {new_message(RTM_GETQDISC, header_on(device, TC_H_INGRESS), NLM_F_ECHO),
          "get the ingress qdisc of " + text::quoted(device.name), no_filter_errors};
}

using Attributes = std::array<nlattr*, TCA_MAX + 1>;

/// Null pointers only if the message is of another type.
Attributes attributes_of(const std::string& message, int type) {
  Attributes attributes{};
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != type) return {};
  if (nlmsg_parse(header, sizeof(tcmsg), attributes.data(), TCA_MAX, nullptr) < 0) return {};
  return attributes;
}

bool has_block(const std::string& qdisc, std::uint32_t block) {
  const auto attributes = attributes_of(qdisc, RTM_NEWQDISC);
  return number_in<std::uint32_t>(attributes[TCA_INGRESS_BLOCK]) == block ||
         number_in<std::uint32_t>(attributes[TCA_EGRESS_BLOCK]) == block;
}

bool has_program(const std::string& filter, const PacketProgram& program) {
  auto* options = attributes_of(filter, RTM_NEWTFILTER)[TCA_OPTIONS];
  const auto* instructions = options == nullptr ? nullptr : find_nested(options, TCA_BPF_OPS);
  const auto bytes = program.size() * sizeof(sock_filter);
  return instructions != nullptr && static_cast<std::size_t>(nla_len(instructions)) == bytes &&
         std::memcmp(nla_data(instructions), program.data(), bytes) == 0;
}

bool is_program_among(const std::vector<std::string>& answers, const PacketProgram& program) {
  return std::ranges::any_of(answers, [&](const std::string& answer) { return has_program(answer, program); });
}

}  // namespace

void guard_loopback(const Device& device, std::vector<NetlinkRequest>& requests) {
  requests.emplace_back(qdisc_message(device, "ingress"), "add an ingress qdisc to " + text::quoted(device.name),
                        std::vector{EEXIST});
  requests.emplace_back(filter_message(filter_on(device), NLM_F_EXCL, drop_loopback()),
                        "drop packets from and for 127.0.0.0/8 on " + text::quoted(device.name), std::vector{EEXIST});
}

bool observe_loopback_guard(NetlinkSocket& socket, const Device& device) {
  return is_program_among(socket.send_or_throw(get_filter(filter_on(device))), drop_loopback());
}

/// Tags are hashes. The highest bit distinguishes the blocks from those with numbers that people choose.
SourceFilters::SourceFilters(const cni::Attachment& attachment)
    : block(0x80000000U | static_cast<std::uint32_t>(cni::tag_of({{}, attachment.container, {}}).value)),
      handle(0x40000000U | (static_cast<std::uint32_t>(cni::tag_of(attachment).value) & 0x3fffffffU)) {}

NetlinkRequest SourceFilters::check_received(const Device& device) const {
  return add_qdisc_with_block(device, "ingress", TCA_INGRESS_BLOCK, block);
}

NetlinkRequest SourceFilters::check_sent(const Device& device) const {
  return add_qdisc_with_block(device, "clsact", TCA_EGRESS_BLOCK, block);
}

NetlinkRequest SourceFilters::drop_others() const {
  return {filter_message(filter_in(block, drop_priority, only_filter), NLM_F_EXCL, drop_addressed()),
          std::string{"drop packets from other sources"} + options_hint,
          {EEXIST}};
}

NetlinkRequest SourceFilters::accept(const std::vector<cni::IpAddress>& sources) const {
  return {filter_message(filter_in(block, accept_priority, handle), 0, accept_sources(sources)),
          std::string{"accept packets from the addresses of the container"} + options_hint};
}

NetlinkRequest SourceFilters::accept_if_block_exists(const std::vector<cni::IpAddress>& sources) const {
  auto request = accept(sources);
  request.tolerated = no_filter_errors;
  return request;
}

NetlinkRequest SourceFilters::remove() const {
  return {filter_deletion(filter_in(block, accept_priority, handle)),
          "stop accepting packets from the addresses of an attachment", no_filter_errors};
}

bool SourceFilters::exist(NetlinkSocket& socket, const Device& device,
                          const std::vector<cni::IpAddress>& sources) const {
  std::vector<NetlinkRequest> queries;
  queries.push_back(get_ingress_qdisc(device));
  queries.push_back(get_filter(filter_in(block, accept_priority, handle)));
  queries.push_back(get_filter(filter_in(block, drop_priority, only_filter)));
  const auto answers = socket.send_or_throw(queries);
  return std::ranges::any_of(answers, [&](const std::string& answer) { return has_block(answer, block); }) &&
         is_program_among(answers, accept_sources(sources)) && is_program_among(answers, drop_addressed());
}

void observe_source_check(NetlinkSocket& socket, const wiring::Wiring& wanted, wiring::Observed& observed) {
  if (wanted.accepted_sources.empty() || !observed.host || (wanted.egress_limit && !observed.ifb)) return;
  const auto device = wanted.egress_limit ? Device{wiring::ifb_name(wanted), observed.ifb->index}
                                          : Device{observed.host->name, observed.host->index};
  observed.checks_sources = SourceFilters{wanted.attachment}.exist(socket, device, wanted.accepted_sources);
}

}  // namespace kernel
