#include "plugin/cni/attachment.hpp"

#include <set>

#include <gtest/gtest.h>

namespace cni {
namespace {

const Attachment sample{.network = "rtnet", .container = "c9b34a97", .interface = "eth0"};

TEST(IsIdentifier, FollowsTheSpecification) {
  for (const char* text : {"a", "0", "rtnet.1_a-b", "A..", "cnitool-0e5dabe1"})
    EXPECT_TRUE(is_identifier(text)) << text;
  for (const char* text : {"", ".", "..", "-a", "_a", "a/b", "a b", "a\n", "é", "a\x7f", "a:b"}) {
    EXPECT_FALSE(is_identifier(text)) << text;
  }
}

// Tags in the kernel and in the state folder must stay valid after an upgrade of the plugin.
TEST(Tag, StaysTheSameInEveryVersion) {
  EXPECT_EQ(to_string(tag_of(sample)), "czcmphhfgl7q6");
  EXPECT_EQ(to_string(tag_of_network("rtnet")), "4tc65jebibot4");
}

TEST(Tag, SeparatesTheThreeParts) {
  EXPECT_NE(tag_of({"ab", "c", "d"}), tag_of({"a", "bc", "d"}));
  EXPECT_NE(tag_of({"a", "bc", "d"}), tag_of({"a", "b", "cd"}));
}

TEST(Tag, DiffersInItsFirstCharacters) {
  std::set<std::string> names;
  for (int i = 0; i < 10000; ++i) names.insert(host_interface_name(tag_of({"net", std::to_string(i), "eth0"})));
  EXPECT_EQ(names.size(), 10000U);
}

TEST(Tag, IsReadFromItsText) {
  EXPECT_EQ(to_string(Tag{0}), "aaaaaaaaaaaaa");
  EXPECT_EQ(to_string(Tag{~std::uint64_t{0}}), "7777777777776");
  EXPECT_EQ(to_string(Tag{0x0123456789abcdefU}), "aerukz4jvpg66");  // as RFC 4648 encodes these eight bytes
  for (const Tag tag : {Tag{0}, Tag{1}, Tag{~std::uint64_t{0}}, tag_of(sample)})
    EXPECT_EQ(find_tag(to_string(tag)), tag);
}

TEST(FindTag, RejectsEverythingElse) {
  for (const char* text : {"", "aaaaaaaaaaaa", "aaaaaaaaaaaaaa", "Aaaaaaaaaaaaa", "aaaaaa1aaaaaa", "aaaaaaaaaaaab",
                           "aaaaaaaaaaaa=", "aaaaaaaaaaaa/"}) {
    EXPECT_EQ(find_tag(text), std::nullopt) << text;
  }
}

TEST(HostInterfaceName, HasTheMaximumLength) {
  const std::string name = host_interface_name(tag_of(sample));
  EXPECT_EQ(name.size(), 15U);
  EXPECT_EQ(name, "veth" + to_string(tag_of(sample)).substr(0, 11));
}

TEST(IfbName, HasTheSameCharactersOfTheTag) {
  const Tag tag = tag_of({"net", "c", "eth0"});
  EXPECT_EQ(ifb_name(tag).substr(3), host_interface_name(tag).substr(4));
  EXPECT_TRUE(ifb_name(tag).starts_with("ifb"));
}

TEST(Alias, ContainsTheAttachment) {
  EXPECT_EQ(alias_of(sample), "veth-cni/rtnet/c9b34a97/eth0");
  EXPECT_EQ(alias_prefix("rtnet"), "veth-cni/rtnet/");
}

TEST(Alias, EndsInTheTagIfItIsTooLong) {
  Attachment attachment{.network = "n", .container = std::string(238, 'c'), .interface = "eth0"};
  EXPECT_EQ(alias_of(attachment), "veth-cni/n/" + attachment.container + "/eth0");  // 254 bytes
  attachment.container += 'c';
  const std::string alias = alias_of(attachment);
  EXPECT_EQ(alias, "veth-cni/n/" + std::string(229, 'c') + '#' + to_string(tag_of(attachment)));
  EXPECT_EQ(alias.size(), 254U);
  EXPECT_EQ(tag_of_alias(alias), tag_of(attachment));
}

TEST(Macs, AreLocallyAdministeredUnicastAndDiffer) {
  for (int i = 0; i < 100; ++i) {
    const Tag tag = tag_of({"net", std::to_string(i), "eth0"});
    EXPECT_NE(container_mac(tag), host_mac(tag));
    EXPECT_EQ(container_mac(tag).bytes[0] & 0x03U, 0x02U);
    EXPECT_EQ(host_mac(tag).bytes[0] & 0x03U, 0x02U);
    EXPECT_TRUE(ifb_mac(tag) != host_mac(tag) && ifb_mac(tag) != container_mac(tag));
  }
}

TEST(LinkLocalAddress, IsModifiedEui64) {
  EXPECT_EQ(to_string(link_local_address(*find_mac("02:42:ac:11:00:02"))), "fe80::42:acff:fe11:2");
  EXPECT_EQ(to_string(link_local_address(*find_mac("34:56:78:9a:bc:de"))), "fe80::3656:78ff:fe9a:bcde");
}

TEST(Alias, IsParsedEvenIfItIsTruncated) {
  const Attachment attachment{"net", "c1", "eth0"};
  EXPECT_EQ(attachment_of_alias(alias_of(attachment)), attachment);
  EXPECT_EQ(attachment_of_alias("veth-cni/net/cut#tag"), (Attachment{"net", "cut#tag", ""}));
  for (const char* other : {"", "eth0", "veth-cni/", "veth-cni/net", "other/net/c1/eth0"}) {
    EXPECT_EQ(attachment_of_alias(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace cni
