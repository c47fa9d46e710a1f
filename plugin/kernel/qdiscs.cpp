#include "plugin/kernel/qdiscs.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

namespace kernel {
namespace {

constexpr std::uint32_t root_handle = 0x10000;                    // "1:"
constexpr std::uint32_t ingress_handle = TC_H_MAJ(TC_H_INGRESS);  // "ffff:"
constexpr std::uint32_t class_of_filter = 0x10001;                // "1:1", unused
constexpr std::uint32_t redirection_priority = 2;                 // after the filters that drop packets
constexpr std::uint32_t first_action = 1;
constexpr std::uint64_t nanoseconds_per_tick = 64;
constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::uint64_t u32_max = std::numeric_limits<std::uint32_t>::max();

tcmsg header_of(const Device& device, std::uint32_t handle, std::uint32_t parent) {
  tcmsg header{};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(device.index);
  header.tcm_handle = handle;
  header.tcm_parent = parent;
  return header;
}

Message creation_message(int type, const tcmsg& header, const char* kind) {
  auto message = new_message(type, header, NLM_F_CREATE | NLM_F_EXCL);
  put_text(message.get(), TCA_KIND, kind);
  return message;
}

template <class Structure>
void put_structure(nl_msg* message, int attribute, const Structure& structure) {
  nla_put(message, attribute, sizeof structure, &structure);
}

std::uint32_t clamp_to_u32(std::uint64_t number) { return static_cast<std::uint32_t>(std::min(number, u32_max)); }

tc_tbf_qopt token_bucket(const wiring::RateLimit& limit) {
  tc_tbf_qopt bucket{};
  bucket.rate.linklayer = TC_LINKLAYER_ETHERNET;
  bucket.rate.rate = clamp_to_u32(limit.rate_bytes_per_second);
  bucket.limit = queue_bytes(limit);
  return bucket;
}

constexpr std::size_t selector_bytes = sizeof(tc_u32_sel) + sizeof(tc_u32_key);

/// One key with mask 0 matches all packets.
std::array<char, selector_bytes> match_all() {
  tc_u32_sel selector{};
  selector.flags = TC_U32_TERMINAL;
  selector.nkeys = 1;
  std::array<char, selector_bytes> bytes{};
  std::memcpy(bytes.data(), &selector, sizeof selector);
  return bytes;
}

void put_redirection(nl_msg* message, const Device& target) {
  tc_mirred redirection{};
  redirection.action = TC_ACT_STOLEN;
  redirection.eaction = TCA_EGRESS_REDIR;
  redirection.ifindex = target.index;
  nlattr* actions = nla_nest_start(message, TCA_U32_ACT);
  nlattr* action = nla_nest_start(message, first_action);
  put_text(message, TCA_ACT_KIND, "mirred");
  nlattr* options = nla_nest_start(message, TCA_ACT_OPTIONS);
  put_structure(message, TCA_MIRRED_PARMS, redirection);
  nla_nest_end(message, options);
  nla_nest_end(message, action);
  nla_nest_end(message, actions);
}

/// The errors for an interface that has only the default qdisc, which cannot be deleted, are ENOENT and EINVAL.
Message deletion_message(const Device& device, std::uint32_t handle, std::uint32_t parent) {
  return new_message(RTM_DELQDISC, header_of(device, handle, parent));
}

const std::vector<int> no_qdisc_errors{ENOENT, EINVAL};

/// Parses the options of a message about a qdisc or a filter of this kind; false for other messages.
template <std::size_t Count>
bool parse_options(const std::string& message, int type, std::string_view kind, std::array<nlattr*, Count>& options) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  std::array<nlattr*, TCA_MAX + 1> attributes{};
  if (header->nlmsg_type != type) return false;
  if (nlmsg_parse(header, sizeof(tcmsg), attributes.data(), TCA_MAX, nullptr) < 0) return false;
  if (attributes[TCA_KIND] == nullptr || attributes[TCA_OPTIONS] == nullptr) return false;
  if (text_in(attributes[TCA_KIND]) != kind) return false;
  return nla_parse_nested(options.data(), static_cast<int>(Count) - 1, attributes[TCA_OPTIONS], nullptr) == 0;
}

template <class Structure>
bool read_structure(const nlattr* attribute, Structure& structure) {
  return read_bytes(attribute, &structure, sizeof structure);
}

std::uint32_t bytes_of_ticks(std::uint32_t ticks, std::uint64_t rate_bytes_per_second) {
  const auto seconds = static_cast<double>(ticks * nanoseconds_per_tick) / static_cast<double>(nanoseconds_per_second);
  const auto bytes = seconds * static_cast<double>(rate_bytes_per_second);
  return bytes >= static_cast<double>(u32_max) ? static_cast<std::uint32_t>(u32_max)
                                               : static_cast<std::uint32_t>(bytes);
}

bool matches_all(const nlattr* selector) {
  std::array<char, selector_bytes> bytes{};
  if (!read_structure(selector, bytes)) return false;
  tc_u32_sel fixed{};
  tc_u32_key key{};
  std::memcpy(&fixed, bytes.data(), sizeof fixed);
  std::memcpy(&key, bytes.data() + sizeof fixed, sizeof key);
  return fixed.nkeys == 1 && key.mask == 0;
}

std::optional<std::uint32_t> read_redirection(nlattr* action) {
  std::array<nlattr*, TCA_ACT_MAX + 1> attributes{};
  std::array<nlattr*, TCA_MIRRED_MAX + 1> options{};
  tc_mirred redirection{};
  if (nla_parse_nested(attributes.data(), TCA_ACT_MAX, action, nullptr) < 0) return std::nullopt;
  if (attributes[TCA_ACT_KIND] == nullptr || attributes[TCA_ACT_OPTIONS] == nullptr) return std::nullopt;
  if (text_in(attributes[TCA_ACT_KIND]) != "mirred") return std::nullopt;
  if (nla_parse_nested(options.data(), TCA_MIRRED_MAX, attributes[TCA_ACT_OPTIONS], nullptr) < 0) return std::nullopt;
  if (!read_structure(options[TCA_MIRRED_PARMS], redirection)) return std::nullopt;
  if (redirection.eaction != TCA_EGRESS_REDIR) return std::nullopt;
  return redirection.ifindex;
}

}  // namespace

std::uint32_t queue_bytes(const wiring::RateLimit& limit) {
  constexpr std::uint64_t queues_per_second = 20;
  constexpr std::uint64_t least_queue_bytes = 131072;  // two segments of the largest size (64 KiB)
  return clamp_to_u32(std::max(limit.rate_bytes_per_second / queues_per_second, least_queue_bytes));
}

// TCA_TBF_BURST is in bytes. The burst in tc_tbf_qopt is in ticks, which overflow for large bursts.
NetlinkRequest add_tbf_qdisc(const Device& device, const wiring::RateLimit& limit) {
  auto message = creation_message(RTM_NEWQDISC, header_of(device, root_handle, TC_H_ROOT), "tbf");
  nlattr* options = nla_nest_start(message.get(), TCA_OPTIONS);
  put_structure(message.get(), TCA_TBF_PARMS, token_bucket(limit));
  if (limit.rate_bytes_per_second > u32_max) {
    nla_put_u64(message.get(), TCA_TBF_RATE64, limit.rate_bytes_per_second);
  }
  put_number(message.get(), TCA_TBF_BURST, limit.burst_bytes);
  nla_nest_end(message.get(), options);
  return {std::move(message), "limit the rate of " + text::quoted(device.name)};
}

NetlinkRequest add_ingress_qdisc(const Device& device) {
  return {creation_message(RTM_NEWQDISC, header_of(device, ingress_handle, TC_H_INGRESS), "ingress"),
          "add an ingress qdisc to " + text::quoted(device.name),
          {EEXIST}};
}

NetlinkRequest redirect_ingress(const Device& device, const Device& target) {
  auto header = header_of(device, 0, ingress_handle);
  header.tcm_info = TC_H_MAKE(redirection_priority << 16U, htons(ETH_P_ALL));
  auto message = creation_message(RTM_NEWTFILTER, header, "u32");
  nlattr* options = nla_nest_start(message.get(), TCA_OPTIONS);
  put_number(message.get(), TCA_U32_CLASSID, class_of_filter);
  put_structure(message.get(), TCA_U32_SEL, match_all());
  put_redirection(message.get(), target);
  nla_nest_end(message.get(), options);
  return {std::move(message), "redirect ingress of " + text::quoted(device.name) + " to " + text::quoted(target.name)};
}

/// The kind makes the kernel keep filters of other kinds, which drop packets.
NetlinkRequest delete_redirection(const Device& device) {
  auto header = header_of(device, 0, ingress_handle);
  header.tcm_info = TC_H_MAKE(redirection_priority << 16U, htons(ETH_P_ALL));
  auto message = new_message(RTM_DELTFILTER, header);
  put_text(message.get(), TCA_KIND, "u32");
  return {std::move(message), "delete the redirection of " + text::quoted(device.name), {ENOENT, EINVAL, EOPNOTSUPP}};
}

NetlinkRequest delete_root_qdisc(const Device& device) {
  return {deletion_message(device, root_handle, TC_H_ROOT), "delete the rate limit of " + text::quoted(device.name),
          no_qdisc_errors};
}

NetlinkRequest delete_ingress_qdisc(const Device& device) {
  return {deletion_message(device, ingress_handle, TC_H_INGRESS),
          "delete the ingress qdisc of " + text::quoted(device.name), no_qdisc_errors};
}

// The kernel sends the answer to the multicast group, and to the requesting socket only with NLM_F_ECHO. For an
// interface with the default qdisc it returns EINVAL.
NetlinkRequest get_root_qdisc(const Device& device) {
  return {new_message(RTM_GETQDISC, header_of(device, 0, TC_H_ROOT), NLM_F_ECHO),
          "get the qdisc of " + text::quoted(device.name),
          {ENOENT, EINVAL}};
}

NetlinkRequest list_ingress_filters(const Device& device) {
  return {new_message(RTM_GETTFILTER, header_of(device, 0, ingress_handle)),
          "list the ingress filters of " + text::quoted(device.name)};
}

std::optional<wiring::RateLimit> find_rate_limit(const std::string& message) {
  std::array<nlattr*, TCA_TBF_MAX + 1> options{};
  tc_tbf_qopt bucket{};
  if (!parse_options(message, RTM_NEWQDISC, "tbf", options)) return std::nullopt;
  if (!read_structure(options[TCA_TBF_PARMS], bucket)) return std::nullopt;
  const auto rate = number_in(options[TCA_TBF_RATE64], std::uint64_t{bucket.rate.rate});
  return wiring::RateLimit{.rate_bytes_per_second = rate, .burst_bytes = bytes_of_ticks(bucket.buffer, rate)};
}

std::optional<std::uint32_t> find_redirection(const std::string& message) {
  std::array<nlattr*, TCA_U32_MAX + 1> options{};
  if (!parse_options(message, RTM_NEWTFILTER, "u32", options)) return std::nullopt;
  if (options[TCA_U32_ACT] == nullptr || !matches_all(options[TCA_U32_SEL])) return std::nullopt;
  std::array<nlattr*, TCA_ACT_MAX_PRIO + 1> actions{};
  if (nla_parse_nested(actions.data(), TCA_ACT_MAX_PRIO, options[TCA_U32_ACT], nullptr) < 0) return std::nullopt;
  return actions[first_action] == nullptr ? std::nullopt : read_redirection(actions[first_action]);
}

}  // namespace kernel
