#include "plugin/kernel/firewall.hpp"

#include "test/kernel/messages.hpp"

#include <netlink/attr.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using test::bytes_of;

kernel::Message message_of(int type, std::uint8_t family) {
  return kernel::new_message(NFNL_SUBSYS_NFTABLES << 8 | type,
                             nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0});
}

void put_number(nl_msg* message, int attribute, std::uint32_t number) {
  kernel::put_number(message, attribute, htonl(number));
}

struct Chain {
  std::uint8_t family = NFPROTO_IPV4;
  std::uint32_t hook = NF_INET_FORWARD;
  std::string type = "filter";
  std::uint32_t policy = NF_DROP;
  std::string table = "filter";
};

/// The message with which the kernel reports a base chain.
std::string chain_message(const Chain& chain) {
  const auto message = message_of(NFT_MSG_NEWCHAIN, chain.family);
  kernel::put_text(message.get(), NFTA_CHAIN_TABLE, chain.table);
  kernel::put_text(message.get(), NFTA_CHAIN_NAME, "FORWARD");
  nlattr* hook = nla_nest_start(message.get(), NFTA_CHAIN_HOOK);
  put_number(message.get(), NFTA_HOOK_HOOKNUM, chain.hook);
  put_number(message.get(), NFTA_HOOK_PRIORITY, 0);
  nla_nest_end(message.get(), hook);
  put_number(message.get(), NFTA_CHAIN_POLICY, chain.policy);
  kernel::put_text(message.get(), NFTA_CHAIN_TYPE, chain.type);
  return bytes_of(message);
}

TEST(ForwardChain, IsReadWithFamilyTableAndPolicy) {
  const auto found = kernel::find_forward_chain(chain_message({.family = NFPROTO_INET}));
  EXPECT_TRUE(found ==
              (kernel::ForwardChain{.chain = {"inet", "filter", "FORWARD"}, .family = NFPROTO_INET, .drops = true}));
  EXPECT_FALSE(kernel::find_forward_chain(chain_message({.policy = NF_ACCEPT}))->drops);
  EXPECT_EQ(kernel::find_forward_chain(chain_message({.family = NFPROTO_IPV6}))->chain.family, "ip6");
}

TEST(ForwardChain, IsNotFoundInOtherChains) {
  for (const auto& other : {Chain{.hook = NF_INET_LOCAL_IN}, Chain{.type = "nat"}, Chain{.family = NFPROTO_BRIDGE},
                            Chain{.table = "veth_cni"}}) {
    EXPECT_FALSE(kernel::find_forward_chain(chain_message(other)).has_value()) << other.table << ' ' << other.type;
  }
  const auto regular = message_of(NFT_MSG_NEWCHAIN, NFPROTO_IPV4);
  kernel::put_text(regular.get(), NFTA_CHAIN_NAME, "DOCKER");
  EXPECT_FALSE(kernel::find_forward_chain(bytes_of(regular)).has_value());
}

using Expression = std::function<void(nl_msg*)>;

Expression named(
    const char* name, const Expression& data = [](nl_msg*) {}) {
  return [name, data](nl_msg* message) {
    nlattr* element = nla_nest_start(message, NFTA_LIST_ELEM);
    kernel::put_text(message, NFTA_EXPR_NAME, name);
    nlattr* nest = nla_nest_start(message, NFTA_EXPR_DATA);
    data(message);
    nla_nest_end(message, nest);
    nla_nest_end(message, element);
  };
}

Expression verdict(std::uint32_t code, const char* chain = nullptr) {
  return named("immediate", [code, chain](nl_msg* message) {
    nlattr* data = nla_nest_start(message, NFTA_IMMEDIATE_DATA);
    nlattr* nest = nla_nest_start(message, NFTA_DATA_VERDICT);
    put_number(message, NFTA_VERDICT_CODE, code);
    if (chain != nullptr) kernel::put_text(message, NFTA_VERDICT_CHAIN, chain);
    nla_nest_end(message, nest);
    nla_nest_end(message, data);
  });
}

Expression target(const char* name) {
  return named("target", [name](nl_msg* message) { kernel::put_text(message, NFTA_TARGET_NAME, name); });
}

kernel::FilterRule rule(const std::vector<Expression>& expressions) {
  const auto message = message_of(NFT_MSG_NEWRULE, NFPROTO_IPV4);
  nlattr* list = nla_nest_start(message.get(), NFTA_RULE_EXPRESSIONS);
  for (const auto& expression : expressions) expression(message.get());
  nla_nest_end(message.get(), list);
  return kernel::find_rule(bytes_of(message)).value();
}

using Verdict = kernel::FilterRule::Verdict;

TEST(Rule, RefusesAllPacketsWithoutACondition) {
  const kernel::FilterRule refuses_all{.verdict = Verdict::refuses};
  EXPECT_TRUE(rule({verdict(NF_DROP)}) == refuses_all);
  EXPECT_TRUE(rule({named("counter"), named("log"), named("reject")}) == refuses_all);
  EXPECT_TRUE(rule({named("counter"), target("REJECT")}) == refuses_all);
}

TEST(Rule, IsConditionalOrAccepts) {
  EXPECT_TRUE(rule({verdict(NF_ACCEPT)}) == kernel::FilterRule{.verdict = Verdict::accepts});
  EXPECT_TRUE(rule({named("ct"), named("cmp"), verdict(NF_ACCEPT)}) ==
              (kernel::FilterRule{.verdict = Verdict::accepts, .is_conditional = true}));
  EXPECT_TRUE(rule({named("payload"), named("cmp"), named("counter"), verdict(NF_ACCEPT)}) ==
              (kernel::FilterRule{.verdict = Verdict::accepts, .is_conditional = true, .compares_headers = true}));
  EXPECT_TRUE(rule({named("meta"), named("cmp"), verdict(NF_DROP)}).is_conditional);
  EXPECT_TRUE(rule({target("LOG")}) == kernel::FilterRule{});
  EXPECT_TRUE(rule({}) == kernel::FilterRule{});
  EXPECT_FALSE(kernel::find_rule(chain_message({})).has_value());
}

TEST(Rule, JumpsToAnotherChain) {
  const kernel::FilterRule jumps{.verdict = Verdict::jumps, .target = "DOCKER-USER"};
  for (const auto code : {NFT_JUMP, NFT_GOTO}) {
    EXPECT_TRUE(rule({named("counter"), verdict(static_cast<std::uint32_t>(code), "DOCKER-USER")}) == jumps);
  }
}

TEST(RuleQuery, ListsTheRulesOfOneChain) {
  const auto request = kernel::list_rules({.chain = {"ip", "filter", "FORWARD"}, .family = NFPROTO_IPV4});
  auto* header = nlmsg_hdr(request.message.get());
  EXPECT_STREQ(nla_get_string(nlmsg_find_attr(header, sizeof(nfgenmsg), NFTA_RULE_TABLE)), "filter");
  EXPECT_STREQ(nla_get_string(nlmsg_find_attr(header, sizeof(nfgenmsg), NFTA_RULE_CHAIN)), "FORWARD");
}

}  // namespace
