#include "ipam/free_address.hpp"

#include "test/ipam/network.hpp"

namespace {

using test::ip;
using test::range;

/// A set of 254 - 1 addresses: 10.1.2.2 to 10.1.2.254.
class FreeAddressSearch : public test::Network {
 protected:
  ipam::FreeAddress find(const char* cursor) {
    return ipam::find_free_address(folder, {"net", 0, set, cni::find_address(cursor), foreign});
  }

  void take(unsigned first, unsigned last) {
    for (auto number = first; number <= last; ++number)
      folder.addresses.take("net", {cni::Family::ipv4, ip("10.1.2.0").bits + number}, cni::Tag{number});
  }

  void write_free_list(const std::vector<cni::IpAddress>& addresses) {
    folder.addresses.set_free_list("net", 0, addresses);
  }

  ipam::RangeSet set{ipam::checked_range(range("10.1.2.0/24"), "")};
  std::vector<cni::IpAddress> foreign;
};

TEST_F(FreeAddressSearch, ReturnsTheFirstOfTheNextAddressesThatIsFree) {
  take(2, 20);
  foreign = {ip("10.1.2.21")};
  const auto found = find("10.1.2.1");
  EXPECT_EQ(found.address, ip("10.1.2.22"));
  EXPECT_FALSE(found.new_free_list);
}

TEST_F(FreeAddressSearch, ReadsTheDirectoryIfManyAreTaken) {
  take(2, 251);
  foreign = {ip("10.1.2.253")};
  const auto found = find("10.1.2.1");
  EXPECT_EQ(found.address, ip("10.1.2.252"));
  EXPECT_EQ(found.new_free_list, (std::vector{ip("10.1.2.252"), ip("10.1.2.254")}));
}

TEST_F(FreeAddressSearch, KeepsTheOrderOfTheSearchInANewFreeList) {
  take(50, 249);
  const auto found = find("10.1.2.60");
  EXPECT_EQ(found.address, ip("10.1.2.250"));
  ASSERT_EQ(found.new_free_list.value().size(), 5U + 48U);
  EXPECT_EQ(found.new_free_list->back(), ip("10.1.2.49"));
}

TEST_F(FreeAddressSearch, ContinuesInTheFreeListAfterTheCursor) {
  take(2, 200);
  folder.addresses.release("net", ip("10.1.2.90"), cni::Tag{90});
  folder.addresses.release("net", ip("10.1.2.190"), cni::Tag{190});
  write_free_list({ip("10.1.2.90"), ip("10.1.2.190")});
  EXPECT_EQ(find("10.1.2.3").address, ip("10.1.2.90"));
  EXPECT_EQ(find("10.1.2.95").address, ip("10.1.2.190"));
  folder.addresses.take("net", ip("10.1.2.190"), cni::Tag{1});
  EXPECT_EQ(find("10.1.2.95").address, ip("10.1.2.90")) << "after the last one follows the first one";
  EXPECT_FALSE(find("10.1.2.95").new_free_list);
}

/// Taken meanwhile, outside the set, the gateway, excluded, or taken elsewhere.
TEST_F(FreeAddressSearch, UsesNoAddressOfAWrongFreeList) {
  take(2, 200);
  set.front().exclude = {test::prefix("10.1.2.202/32")};
  foreign = {ip("10.1.2.203")};
  write_free_list({ip("10.1.2.1"), ip("10.1.2.7"), ip("10.1.2.202"), ip("10.1.2.203"), ip("10.1.2.255"), ip("10.9.9.9"),
                   ip("fd00::2")});
  const auto found = find("10.1.2.2");
  EXPECT_EQ(found.address, ip("10.1.2.201"));
  EXPECT_TRUE(found.new_free_list);
}

TEST_F(FreeAddressSearch, CountsTheTakenAddressesOfAFullSet) {
  take(0, 254);
  write_free_list({ip("10.1.2.9")});
  const auto found = find("10.1.2.77");
  EXPECT_FALSE(found.address);
  EXPECT_EQ(found.taken, 253U + 1U) << "the gateway is in the range, too";
  EXPECT_EQ(found.new_free_list, std::vector<cni::IpAddress>{});
}

TEST_F(FreeAddressSearch, LimitsTheFreeList) {
  set = {ipam::checked_range(range("10.1.0.0/16"), "")};
  take(2, 200);
  EXPECT_EQ(find("10.1.2.1").new_free_list.value().size(), 1000U);
}

}  // namespace
