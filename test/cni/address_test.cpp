#include "plugin/cni/address.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

IpAddress address(std::string_view text) { return find_address(text).value(); }
Prefix prefix(std::string_view text) { return find_prefix(text).value(); }

TEST(FindAddress, PrintsItsCanonicalForm) {
  struct Case {
    const char* text;
    const char* printed;
  };
  for (const auto& [text, printed] :
       {Case{"10.1.2.3", "10.1.2.3"}, Case{"0.0.0.0", "0.0.0.0"}, Case{"255.255.255.255", "255.255.255.255"},
        Case{"::", "::"}, Case{"::1", "::1"}, Case{"1::", "1::"}, Case{"FD00::00Ab", "fd00::ab"},
        Case{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two runs
        Case{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
        Case{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not compressed
        Case{"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"}, Case{"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
        Case{"::1.2.3.4", "::102:304"}, Case{"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
        Case{"::ffff:10.1.2.3", "10.1.2.3"}, Case{"::ffff:a01:203", "10.1.2.3"},
        Case{"::fffe:a01:203", "::fffe:a01:203"}}) {
    const auto found = find_address(text);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(to_string(*found), printed) << text;
    EXPECT_EQ(find_address(printed), found) << text;
  }
}

TEST(FindAddress, RejectsEverythingElse) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv,          "10.1.2"sv,     "10.1.2.3.4"sv,   "10.1.2.256"sv,    "010.1.2.3"sv,
        "10.1.2.03"sv, " 10.1.2.3"sv,  "10.1.2.3 "sv,    "10.1.2.3/24"sv,   "0x0a.1.2.3"sv,
        "1"sv,         "167772161"sv,  "fe80::1%eth0"sv, "[::1]"sv,         ":"sv,
        ":::"sv,       "1::2::3"sv,    "12345::"sv,      "1:2:3:4:5:6:7"sv, "1:2:3:4:5:6:7:8:9"sv,
        "g::"sv,       "10.1.2.3\0"sv, "::1\0x"sv,       "::1.2.3"sv}) {
    EXPECT_EQ(find_address(text), std::nullopt) << text;
  }
  EXPECT_EQ(find_address(std::string(100000, ':')), std::nullopt);
}

TEST(Address, HasItsBytesInNetworkOrder) {
  const std::array<std::uint8_t, 16> ipv4{10, 1, 2, 3};
  EXPECT_EQ(to_bytes(address("10.1.2.3")), ipv4);
  EXPECT_EQ(from_bytes(Family::ipv4, ipv4.data()), address("10.1.2.3"));
  const std::array<std::uint8_t, 16> ipv6{0xfd, 0x61, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2};
  EXPECT_EQ(to_bytes(address("fd61::102")), ipv6);
  EXPECT_EQ(from_bytes(Family::ipv6, ipv6.data()), address("fd61::102"));
}

TEST(Address, ComparesByFamilyAndNumber) {
  EXPECT_LT(address("9.255.255.255"), address("10.0.0.0"));
  EXPECT_LT(address("255.255.255.255"), address("::"));
}

TEST(Address, ReportsItsKind) {
  EXPECT_TRUE(is_multicast(address("224.0.0.1")) && is_multicast(address("239.1.1.1")) &&
              is_multicast(address("ff02::1")));
  EXPECT_FALSE(is_multicast(address("240.0.0.1")) || is_multicast(address("fe80::1")));
  EXPECT_TRUE(is_link_local(address("169.254.1.1")) && is_link_local(address("febf::1")));
  EXPECT_FALSE(is_link_local(address("169.255.1.1")) || is_link_local(address("fec0::1")));
  EXPECT_TRUE(is_loopback(address("127.0.0.53")) && is_loopback(address("::1")));
  EXPECT_FALSE(is_loopback(address("128.0.0.1")) || is_loopback(address("::2")));
  EXPECT_TRUE(is_unspecified(address("0.0.0.0")) && is_unspecified(address("::")));
  EXPECT_FALSE(is_unspecified(address("0.0.0.1")) || is_unspecified(address("::1")));
}

TEST(FindPrefix, KeepsTheHostBits) {
  for (const char* text : {"10.1.2.3/24", "0.0.0.0/0", "10.1.2.3/32", "::/0", "fd61::1/64", "fd61::1/128"}) {
    EXPECT_EQ(to_string(prefix(text)), text);
  }
}

TEST(FindPrefix, ReadsMappedPrefixesAsIpv4) {
  EXPECT_EQ(prefix("::ffff:10.1.2.0/120"), prefix("10.1.2.0/24"));
  EXPECT_EQ(prefix("::ffff:0:0/96"), prefix("0.0.0.0/0"));
  EXPECT_EQ(find_prefix("::ffff:10.1.2.0/95"), std::nullopt);
}

TEST(FindPrefix, RejectsEverythingElse) {
  for (const char* text : {"", "/", "10.1.2.3", "10.1.2.3/", "/24", "10.1.2.3/33", "::/129", "10.1.2.3/-1",
                           "10.1.2.3/+1", "10.1.2.3/024", "10.1.2.3/24 ", "10.1.2.3/ 24", "10.1.2.3/24/24",
                           "10.1.2.3/255.255.255.0", "10.1.2.3/1e1", "10.1.2.3/4294967297", "10.1.2/24"}) {
    EXPECT_EQ(find_prefix(text), std::nullopt) << text;
  }
}

TEST(Prefix, HasFirstAndLastAddress) {
  struct Case {
    const char* text;
    const char* first;
    const char* last;
  };
  for (const auto& [text, first, last] :
       {Case{"10.1.2.3/24", "10.1.2.0", "10.1.2.255"}, Case{"10.1.2.3/31", "10.1.2.2", "10.1.2.3"},
        Case{"10.1.2.3/32", "10.1.2.3", "10.1.2.3"}, Case{"10.1.2.3/0", "0.0.0.0", "255.255.255.255"},
        Case{"fd61::1/64", "fd61::", "fd61::ffff:ffff:ffff:ffff"}, Case{"fd61::1/128", "fd61::1", "fd61::1"},
        Case{"fd61::1/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}}) {
    EXPECT_EQ(to_string(first_address(prefix(text))), first) << text;
    EXPECT_EQ(to_string(last_address(prefix(text))), last) << text;
    EXPECT_EQ(network_of(prefix(text)), (Prefix{address(first), prefix(text).length})) << text;
  }
}

TEST(Prefix, ContainsAddressesOfItsFamily) {
  EXPECT_TRUE(contains(prefix("10.1.2.3/24"), address("10.1.2.255")));
  EXPECT_FALSE(contains(prefix("10.1.2.3/24"), address("10.1.3.0")));
  EXPECT_TRUE(contains(prefix("0.0.0.0/0"), address("255.1.2.3")));
  EXPECT_FALSE(contains(prefix("0.0.0.0/0"), address("::1")));
  EXPECT_FALSE(contains(prefix("::/0"), address("0.0.0.1")));
}

TEST(Prefix, OverlapsIfOneContainsTheOther) {
  EXPECT_TRUE(overlap(prefix("10.1.0.0/16"), prefix("10.1.2.0/24")));
  EXPECT_TRUE(overlap(prefix("10.1.2.0/24"), prefix("10.1.0.0/16")));
  EXPECT_TRUE(overlap(prefix("10.1.2.7/24"), prefix("10.1.2.9/24")));
  EXPECT_FALSE(overlap(prefix("10.1.2.0/24"), prefix("10.1.3.0/24")));
  EXPECT_FALSE(overlap(prefix("0.0.0.0/0"), prefix("::/0")));
}

TEST(Prefix, OfOneAddressIsAHostPrefix) {
  EXPECT_EQ(to_string(host_prefix(address("10.1.2.3"))), "10.1.2.3/32");
  EXPECT_EQ(to_string(host_prefix(address("fd61::1"))), "fd61::1/128");
  EXPECT_TRUE(is_host_prefix(prefix("10.1.2.3/32")) && is_host_prefix(prefix("::1/128")));
  EXPECT_FALSE(is_host_prefix(prefix("10.1.2.3/31")) || is_host_prefix(prefix("::1/32")));
}

TEST(FindMac, PrintsLowerCaseWithColons) {
  EXPECT_EQ(to_string(find_mac("0A:58:0a:01:00:fF").value()), "0a:58:0a:01:00:ff");
  EXPECT_EQ(to_string(find_mac("0a-58-0a-01-00-02").value()), "0a:58:0a:01:00:02");
}

TEST(FindMac, RejectsEverythingElse) {
  for (const char* text : {"", "0a:58:0a:01:00", "0a:58:0a:01:00:02:03", "0a:58:0a:01:00:0",
                           "a:58:0a:01:00:02:", "0a:58-0a:01:00:02", "0a58.0a01.0002", "0g:58:0a:01:00:02",
                           "0a:58:0a:01:00:02 ", "+a:58:0a:01:00:02", "0x:58:0a:01:00:02", "0a:58:0a:01:00:-2"}) {
    EXPECT_EQ(find_mac(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cni
