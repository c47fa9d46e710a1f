#include "plugin/kernel/qdiscs.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using kernel::Device;

const Device host{"vethhost", 7};
const Device ifb{"ifbhost", 9};

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

/// The message without its header, in hexadecimal.
std::string body(const kernel::NetlinkRequest& request) {
  return to_hex(test::bytes_of(request.message).substr(NLMSG_HDRLEN));
}

/// Numbers in the byte order of the processor, as netlink has them.
std::string words(std::initializer_list<std::uint32_t> numbers) {
  return to_hex({reinterpret_cast<const char*>(numbers.begin()), numbers.size() * sizeof(std::uint32_t)});
}

/// The header of an attribute.
std::string attribute(std::uint16_t type, std::uint16_t length) {
  const std::array header{length, type};
  return to_hex({reinterpret_cast<const char*>(header.data()), sizeof header});
}

constexpr std::uint16_t nest_type(int type) { return static_cast<std::uint16_t>(type | NLA_F_NESTED); }

struct Head {
  int type;
  unsigned flags;
  bool operator==(const Head&) const = default;
};

Head head(const kernel::NetlinkRequest& request) {
  const auto* header = nlmsg_hdr(request.message.get());
  return {header->nlmsg_type, header->nlmsg_flags};
}

constexpr unsigned creates = NLM_F_CREATE | NLM_F_EXCL;

TEST(QdiscMessage, AddsATokenBucket) {
  const auto request = kernel::add_tbf_qdisc(host, {.rate_bytes_per_second = 2'500'000, .burst_bytes = 25'000});
  EXPECT_TRUE(head(request) == (Head{RTM_NEWQDISC, creates}));
  EXPECT_EQ(body(request), words({0, 7, 0x10000, TC_H_ROOT, 0}) +                     // tcmsg: handle 1:, parent root
                               attribute(TCA_KIND, 8) + "74626600" +                  // "tbf"
                               attribute(nest_type(TCA_OPTIONS), 0x34) +              //
                               attribute(TCA_TBF_PARMS, 0x28) + "0001000000000000" +  // Ethernet
                               words({2'500'000, 0, 0, 0, 0x20000, 0, 0}) +           // rate, no peak, limit
                               attribute(TCA_TBF_BURST, 8) + words({25'000}));
}

TEST(QdiscMessage, HasRatesBeyond32Bits) {
  constexpr std::uint64_t rate = 12'500'000'000;
  const auto text = body(kernel::add_tbf_qdisc(host, {.rate_bytes_per_second = rate, .burst_bytes = 4'294'967'295}));
  EXPECT_EQ(text.substr(text.find(attribute(TCA_TBF_PARMS, 0x28))),
            attribute(TCA_TBF_PARMS, 0x28) + "0001000000000000" + words({~0U, 0, 0, 0, 0x2540be40, 0, 0}) +
                attribute(TCA_TBF_RATE64, 12) + to_hex({reinterpret_cast<const char*>(&rate), sizeof rate}) +
                attribute(TCA_TBF_BURST, 8) + words({~0U}));
}

TEST(QdiscMessage, AddsAnIngressQdisc) {
  const auto request = kernel::add_ingress_qdisc(host);
  EXPECT_TRUE(head(request) == (Head{RTM_NEWQDISC, creates}));
  EXPECT_EQ(body(request), words({0, 7, 0xffff0000, TC_H_INGRESS, 0}) +        // tcmsg: handle ffff:, parent ingress
                               attribute(TCA_KIND, 12) + "696e677265737300");  // "ingress"
}

TEST(FilterMessage, RedirectsAllReceivedPackets) {
  const auto request = kernel::redirect_ingress(host, ifb);
  EXPECT_TRUE(head(request) == (Head{RTM_NEWTFILTER, creates}));
  EXPECT_EQ(body(request), words({0, 7, 0, 0xffff0000, 2U << 16U | htons(ETH_P_ALL)}) +  // tcmsg: priority 2
                               attribute(TCA_KIND, 8) + "75333200" +                     // "u32"
                               attribute(nest_type(TCA_OPTIONS), 0x68) +                 //
                               attribute(TCA_U32_CLASSID, 8) + words({0x10001}) +        // 1:1
                               attribute(TCA_U32_SEL, 0x24) + "01000100" +               // terminal, one key
                               words({0, 0, 0, 0, 0, 0, 0}) +                            // that matches everything
                               attribute(nest_type(TCA_U32_ACT), 0x38) +                 //
                               attribute(nest_type(1), 0x34) +                           // the first action
                               attribute(TCA_ACT_KIND, 11) + "6d69727265640000" +        // "mirred"
                               attribute(nest_type(TCA_ACT_OPTIONS), 0x24) +             //
                               attribute(TCA_MIRRED_PARMS, 0x20) +                       //
                               words({0, 0, TC_ACT_STOLEN, 0, 0, TCA_EGRESS_REDIR, 9}));
}

TEST(QdiscRequest, DescribesItsAction) {
  EXPECT_EQ(kernel::add_tbf_qdisc(host, {1, 1}).action, R"(limit the rate of "vethhost")");
  EXPECT_EQ(kernel::add_ingress_qdisc(host).action, R"(add an ingress qdisc to "vethhost")");
  EXPECT_EQ(kernel::redirect_ingress(host, ifb).action, R"(redirect ingress of "vethhost" to "ifbhost")");
  EXPECT_EQ(kernel::get_root_qdisc(host).action, R"(get the qdisc of "vethhost")");
  EXPECT_EQ(kernel::list_ingress_filters(host).action, R"(list the ingress filters of "vethhost")");
}

/// The message with which the kernel reports a token bucket, with the burst in ticks.
std::string bucket(std::uint32_t rate, std::uint32_t ticks, std::uint64_t wide_rate = 0, const char* kind = "tbf") {
  const auto message = kernel::new_message(RTM_NEWQDISC, tcmsg{});
  kernel::put_text(message.get(), TCA_KIND, kind);
  tc_tbf_qopt parameters{};
  parameters.rate.rate = rate;
  parameters.buffer = ticks;
  nlattr* options = nla_nest_start(message.get(), TCA_OPTIONS);
  nla_put(message.get(), TCA_TBF_PARMS, sizeof parameters, &parameters);
  if (wide_rate != 0) nla_put_u64(message.get(), TCA_TBF_RATE64, wide_rate);
  nla_nest_end(message.get(), options);
  return test::bytes_of(message);
}

TEST(QdiscMessage, ContainsTheLimit) {
  EXPECT_TRUE(kernel::find_rate_limit(bucket(2'500'000, 156'250)) == (wiring::RateLimit{2'500'000, 25'000}));
  EXPECT_TRUE(kernel::find_rate_limit(bucket(~0U, 15'625'000, 12'500'000'000)) ==
              (wiring::RateLimit{12'500'000'000, 4'294'967'295}));
  EXPECT_FALSE(kernel::find_rate_limit(bucket(1, 1, 0, "noqueue")).has_value());
  EXPECT_FALSE(kernel::find_rate_limit(test::bytes_of(kernel::get_root_qdisc(host).message)).has_value());
}

/// The kernel reports the filter with the attributes of its creation.
TEST(FilterMessage, ContainsTheTargetOfTheRedirection) {
  EXPECT_EQ(kernel::find_redirection(test::bytes_of(kernel::redirect_ingress(host, ifb).message)), ifb.index);
}

/// The filter with one byte changed.
std::string changed_filter(std::size_t offset, char value) {
  auto message = test::bytes_of(kernel::redirect_ingress(host, ifb).message);
  message.at(offset) = value;
  return message;
}

TEST(FilterMessage, IsNoRedirectionForOtherFilters) {
  const auto filter = test::bytes_of(kernel::redirect_ingress(host, ifb).message);
  const auto kind = filter.find("u32");
  const auto action = filter.find("mirred");
  ASSERT_NE(kind, std::string::npos);
  ASSERT_NE(action, std::string::npos);
  for (const auto& other : {changed_filter(kind, 'v'), changed_filter(action, 'n'),
                            changed_filter(filter.size() - 8, 2), bucket(1, 1), filter.substr(0, NLMSG_HDRLEN)}) {
    EXPECT_FALSE(kernel::find_redirection(other).has_value());
  }
}

TEST(FilterMessage, IsNoRedirectionIfItDoesNotMatchAll) {
  const auto filter = test::bytes_of(kernel::redirect_ingress(host, ifb).message);
  constexpr std::size_t selector = NLMSG_HDRLEN + 60;
  EXPECT_TRUE(kernel::find_redirection(changed_filter(selector, '\xff')) == std::nullopt);
}

}  // namespace
