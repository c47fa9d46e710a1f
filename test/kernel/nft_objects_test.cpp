#include "plugin/kernel/nft_objects.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using kernel::NftElement;
using kernel::NftFamily;
using kernel::NftType;

nlmsghdr* header_of(const kernel::NetlinkRequest& request) { return nlmsg_hdr(request.message.get()); }

const nfgenmsg& family_header_of(const kernel::NetlinkRequest& request) {
  return *static_cast<const nfgenmsg*>(nlmsg_data(header_of(request)));
}

/// The bytes of the request, which the kernel also uses to report the same object.
std::string bytes_of(const kernel::NetlinkRequest& request) {
  return {reinterpret_cast<const char*>(header_of(request)), header_of(request)->nlmsg_len};
}

std::uint32_t number_in(const kernel::NetlinkRequest& request, int attribute) {
  const nlattr* found = nlmsg_find_attr(header_of(request), sizeof(nfgenmsg), attribute);
  return found == nullptr ? 0 : ntohl(nla_get_u32(found));
}

std::string bytes_in(const kernel::NetlinkRequest& request, int attribute) {
  const nlattr* found = nlmsg_find_attr(header_of(request), sizeof(nfgenmsg), attribute);
  if (found == nullptr) return {};
  return {static_cast<const char*>(nla_data(found)), static_cast<std::size_t>(nla_len(found))};
}

TEST(Transaction, ContainsTheSubsystemInBothBatchMessages) {
  for (const auto& request : {kernel::begin_transaction(), kernel::end_transaction()}) {
    EXPECT_EQ(ntohs(family_header_of(request).res_id), NFNL_SUBSYS_NFTABLES);
  }
  EXPECT_EQ(header_of(kernel::begin_transaction())->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
  EXPECT_EQ(header_of(kernel::end_transaction())->nlmsg_type, NFNL_MSG_BATCH_END);
}

TEST(Transaction, MayRequireAGeneration) {
  EXPECT_EQ(bytes_in(kernel::begin_transaction(), NFNL_BATCH_GENID), "");
  EXPECT_EQ(number_in(kernel::begin_transaction(77), NFNL_BATCH_GENID), 77U);
}

TEST(NftChain, IsReadWithNameAndComment) {
  const auto chain =
      kernel::find_nft_chain(bytes_of(kernel::create_nft_chain(NftFamily::inet, {"a", {}, "why"}))).value();
  EXPECT_EQ(chain.name, "a");
  EXPECT_EQ(chain.comment, "why");
  EXPECT_FALSE(kernel::find_nft_chain(bytes_of(kernel::add_nft_table(NftFamily::inet))).has_value());
}

TEST(NftChain, IsCreatedOnceOrAddedAnyNumberOfTimes) {
  EXPECT_NE(header_of(kernel::create_nft_chain(NftFamily::inet, {"a"}))->nlmsg_flags & NLM_F_EXCL, 0);
  EXPECT_EQ(header_of(kernel::add_nft_chain(NftFamily::inet, {"a"}))->nlmsg_flags & NLM_F_EXCL, 0);
}

// The numbers are those of plugin/kernel/README.md, "nftables messages", as nft sends them.
TEST(NftSet, HasTheTypesAndLengthsOfItsKeysAndData) {
  struct Case {
    std::vector<NftType> types;
    std::uint32_t number;
    std::uint32_t bytes;
  };
  for (const auto& [types, number, bytes] :
       {Case{{NftType::ipv4_addr}, 7, 4}, Case{{NftType::inet_proto, NftType::inet_service}, 781, 8},
        Case{{NftType::ipv4_addr, NftType::inet_service}, 461, 8},
        Case{{NftType::ipv6_addr, NftType::inet_service}, 525, 20},
        Case{{NftType::ipv4_addr, NftType::inet_proto, NftType::inet_service}, 29453, 12},
        Case{{NftType::ipv6_addr, NftType::inet_proto, NftType::inet_service}, 33549, 24},
        Case{{NftType::ifname, NftType::ipv4_addr}, 2631, 20},
        Case{{NftType::ifname, NftType::ether_addr}, 2633, 24}}) {
    const auto set = kernel::add_nft_set(NftFamily::inet, {"s", types});
    EXPECT_EQ(number_in(set, NFTA_SET_KEY_TYPE), number);
    EXPECT_EQ(number_in(set, NFTA_SET_KEY_LEN), bytes) << number;
    EXPECT_EQ(number_in(set, NFTA_SET_FLAGS), 0U);
    const auto map = kernel::add_nft_set(NftFamily::inet, {"m", {NftType::ipv4_addr}, types});
    EXPECT_EQ(number_in(map, NFTA_SET_FLAGS), std::uint32_t{NFT_SET_MAP});
    EXPECT_EQ(number_in(map, NFTA_SET_DATA_TYPE), number);
    EXPECT_EQ(number_in(map, NFTA_SET_DATA_LEN), bytes) << number;
  }
}

TEST(NftSet, OfInterfaceNamesContainsTheByteOrderForNft) {
  constexpr std::uint32_t one = 1;  // BYTEORDER_HOST_ENDIAN of nft
  const auto host_order = std::string{"\0\4", 2} + std::string{reinterpret_cast<const char*>(&one), sizeof one};
  EXPECT_EQ(bytes_in(kernel::add_nft_set(NftFamily::bridge, {"s", {NftType::ifname}}), NFTA_SET_USERDATA), host_order);
  const auto concatenation = kernel::add_nft_set(NftFamily::bridge, {"s", {NftType::ifname, NftType::ether_addr}});
  EXPECT_EQ(bytes_in(concatenation, NFTA_SET_USERDATA), "");
}

TEST(NftElement, IsReadAsItWasWritten) {
  const NftElement in_set{.set = "s", .key = {"\n\1\2\3", 4}, .comment = "owner"};
  const NftElement in_map{
      .family = NftFamily::bridge, .set = "m", .key = {"\6\0\0\0\x1f\x90\0\0", 8}, .data = "12345678", .comment = ""};
  EXPECT_EQ(kernel::find_nft_elements(bytes_of(kernel::create_nft_element(in_set))), std::vector{in_set});
  EXPECT_EQ(kernel::find_nft_elements(bytes_of(kernel::create_nft_element(in_map))), std::vector{in_map});
}

TEST(NftElement, IsDeletedByItsKeyOnly) {
  const NftElement element{.set = "m", .key = "keys", .data = "data", .comment = "comment"};
  const auto request = kernel::delete_nft_element(element);
  EXPECT_EQ(bytes_of(request).find("comment"), std::string::npos);
  EXPECT_EQ(bytes_of(request).find("data"), std::string::npos);
  EXPECT_NE(bytes_of(request).find("keys"), std::string::npos);
}

TEST(NftElement, IsNotFoundInOtherMessages) {
  const NftElement element{.set = "s", .key = "keys"};
  EXPECT_TRUE(kernel::find_nft_elements(bytes_of(kernel::delete_nft_element(element))).empty());
  EXPECT_TRUE(kernel::find_nft_elements(bytes_of(kernel::add_nft_table(NftFamily::inet))).empty());
}

TEST(NftRule, IsReadWithCommentAndHandle) {
  auto message = bytes_of(kernel::append_nft_rule(NftFamily::inet, {"chain", "comment", {}}));
  EXPECT_FALSE(kernel::find_nft_rule(message).has_value()) << "the kernel always reports a handle";
  const auto handle = kernel::delete_nft_rule(NftFamily::inet, "chain", 0x100000002);
  const std::string in_network_order{"\0\0\0\1\0\0\0\2", 8};
  EXPECT_EQ(bytes_in(handle, NFTA_RULE_HANDLE), in_network_order);
  message += kernel::nft_bytes(NFTA_RULE_HANDLE, in_network_order);
  reinterpret_cast<nlmsghdr*>(message.data())->nlmsg_len = static_cast<std::uint32_t>(message.size());
  const auto found = kernel::find_nft_rule(message).value();
  EXPECT_EQ(found.chain, "chain");
  EXPECT_EQ(found.comment, "comment");
  EXPECT_EQ(found.handle, 0x100000002U);
}

TEST(NftRequest, DescribesItsAction) {
  EXPECT_EQ(kernel::add_nft_table(NftFamily::inet).action, "add table inet veth_cni");
  EXPECT_EQ(kernel::create_nft_chain(NftFamily::inet, {"networks"}).action,
            R"(add chain "networks" of table inet veth_cni)");
  EXPECT_EQ(kernel::create_nft_element({.family = NftFamily::bridge, .set = "s", .key = "k"}).action,
            R"(add an element to set "s" of table bridge veth_cni)");
}

}  // namespace
