#include "plugin/cni/key_spelling.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

TEST(IsSameKey, IgnoresCase) {
  EXPECT_TRUE(is_same_key("hostPort", "HostPort"));
  EXPECT_TRUE(is_same_key("", ""));
  EXPECT_FALSE(is_same_key("hostPort", "hostPorts"));
  EXPECT_FALSE(is_same_key("K", "\xE2\x84\xAA"));  // the Kelvin sign
}

TEST(IsMisspelling, AcceptsTwoMistakesInLongKeys) {
  struct Case {
    const char* left;
    const char* right;
    bool expected;
  };
  for (const auto& [left, right, expected] : {Case{"ipMasq", "ipMasq", true},             //
                                              Case{"ipMask", "ipMasq", true},             //
                                              Case{"IPMASQ", "ipMask", true},             //
                                              Case{"ranegStart", "rangeStart", true},     // swapped neighbours
                                              Case{"rangeSatrt", "rangeStart", true},     //
                                              Case{"rnagestrat", "rangeStart", true},     // two swaps
                                              Case{"subnets", "subnet", true},            //
                                              Case{"sbnet", "subnet", true},              //
                                              Case{"subent1", "subnet", true},            //
                                              Case{"tags", "args", false},                // short: one mistake only
                                              Case{"subne", "bubnet", false},             // one of them is short
                                              Case{"bridg", "bride", true},               //
                                              Case{"pears", "peer", false},               //
                                              Case{"vlanId", "vlan", false},              //
                                              Case{"gatway", "gateway", true},            //
                                              Case{"gtw", "gateway", false},              //
                                              Case{"dataDirectory", "dataDir", false},    //
                                              Case{"kubernetes", "capabilities", false},  //
                                              Case{"", "name", false}}) {
    EXPECT_EQ(is_misspelling(left, right), expected) << left << ' ' << right;
    EXPECT_EQ(is_misspelling(right, left), expected) << right << ' ' << left;
  }
}

TEST(IsMisspelling, AcceptsOneMistakeInShortKeys) {
  EXPECT_TRUE(is_misspelling("mtuu", "mtu"));
  EXPECT_TRUE(is_misspelling("mut", "mtu"));
  EXPECT_FALSE(is_misspelling("mac", "mtu"));
  EXPECT_FALSE(is_misspelling("ips", "dns"));
}

}  // namespace
}  // namespace cni
