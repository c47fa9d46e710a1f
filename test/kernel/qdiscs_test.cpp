#include "plugin/kernel/qdiscs.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>

#include <array>
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace {

using kernel::Device;

const Device host{"vethhost", 7};
const Device ifb{"ifbhost", 9};

/// The message without its header, in hexadecimal.
std::string body(const kernel::NetlinkRequest& request) {
  const auto bytes = test::bytes_of(request.message).substr(NLMSG_HDRLEN);
  std::string text;
  for (const char byte : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

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
  EXPECT_EQ(body(request),
            "000000000700000000000100ffffffff00000000"          // tcmsg: handle 1:, parent root
            "0800010074626600"                                  // TCA_KIND "tbf"
            "34000280"                                          // TCA_OPTIONS
            "280001000001000000000000a0252600"                  // TCA_TBF_PARMS: Ethernet, rate
            "000000000000000000000000000002000000000000000000"  // no peak; limit
            "08000600a8610000");                                // TCA_TBF_BURST
}

TEST(QdiscMessage, HasRatesBeyond32Bits) {
  const auto text =
      body(kernel::add_tbf_qdisc(host, {.rate_bytes_per_second = 12'500'000'000, .burst_bytes = 4'294'967'295}));
  EXPECT_EQ(text.substr(text.find("28000100")),
            "280001000001000000000000ffffffff"
            "00000000000000000000000040be40250000000000000000"
            "0c00040000dd0ee902000000"  // TCA_TBF_RATE64
            "08000600ffffffff");
}

TEST(QdiscMessage, AddsAnIngressQdisc) {
  const auto request = kernel::add_ingress_qdisc(host);
  EXPECT_TRUE(head(request) == (Head{RTM_NEWQDISC, creates}));
  EXPECT_EQ(body(request),
            "00000000070000000000fffff1ffffff00000000"  // tcmsg: handle ffff:, parent ingress
            "0c000100696e677265737300");                // TCA_KIND "ingress"
}

TEST(FilterMessage, RedirectsAllReceivedPackets) {
  const auto request = kernel::redirect_ingress(host, ifb);
  EXPECT_TRUE(head(request) == (Head{RTM_NEWTFILTER, creates}));
  EXPECT_EQ(body(request),
            "0000000007000000000000000000ffff00030200"  // tcmsg: priority 2, all protocols
            "0800010075333200"                          // TCA_KIND "u32"
            "68000280"                                  // TCA_OPTIONS
            "0800010001000100"                          // TCA_U32_CLASSID 1:1
            "2400050001000100000000000000000000000000"  // TCA_U32_SEL: terminal, one key
            "00000000000000000000000000000000"          // that matches everything
            "3800078034000180"                          // TCA_U32_ACT, the first
            "0b0001006d69727265640000"                  // TCA_ACT_KIND "mirred"
            "2400028020000200000000000000000004000000"  // TCA_MIRRED_PARMS: stolen
            "00000000000000000100000009000000");        // egress redirect, to 9
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
