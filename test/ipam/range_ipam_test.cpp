#include "ipam/range_ipam.hpp"

#include "test/ipam/network.hpp"
#include "test/support/error_text.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace {

namespace fs = std::filesystem;
using test::ip;
using test::prefix;
using test::range;

class RangeIpam : public test::Network {
 protected:
  RangeIpam() { config.ipam.ranges = {{range("10.1.2.0/24")}}; }

  cni::Lease lease(const cni::Request& request) { return test::lease_of(ipam::RangeIpam{request, &folder}.allocate()); }

  /// The addresses with their prefix lengths, or the error.
  std::string allocate(const cni::Request& request) {
    std::string text;
    const std::string error = test::error_text([&] {
      for (const auto& given : lease(request).addresses) {
        text += (text.empty() ? "" : " ") + cni::to_string(given.address);
      }
    });
    return error.empty() ? text : error;
  }
  std::string allocate(const std::string& container) { return allocate(request(container)); }

  std::string allocate_requested(const std::string& container, const std::vector<const char*>& addresses) {
    auto asking = request(container);
    for (const auto* address : addresses) asking.config.requested.addresses.push_back(test::requested(address));
    return allocate(asking);
  }

  void release(const std::string& container) {
    Network::release(container);
    folder.records.remove("net", tag_of(container));
  }

  std::string check(const cni::Request& request) {
    return test::error_text([&] { ipam::RangeIpam{request, &folder}.check(); });
  }

  std::string readiness() {
    const auto asking = request("");
    return test::error_text([&] { ipam::RangeIpam{asking, &folder}.status(); });
  }

  void gc(const std::set<cni::Tag>& valid) {
    const auto collecting = request("");
    ipam::RangeIpam{collecting, &folder}.gc(valid);
  }
};

TEST_F(RangeIpam, AllocatesOneAddressFromEachSet) {
  config.ipam.ranges.push_back({range("fd00::/64")});
  config.ipam.routes.push_back(test::route_to("0.0.0.0/0"));
  config.ipam.dns.domain = "example.org";
  const auto given = lease(request("a"));
  EXPECT_EQ(given.addresses,
            (std::vector<cni::LeasedAddress>{{.address = prefix("10.1.2.2/24"), .gateway = ip("10.1.2.1")},
                                             {.address = prefix("fd00::2/64"), .gateway = ip("fd00::1")}}));
  EXPECT_EQ(given.routes, config.ipam.routes);
  EXPECT_EQ(given.dns, config.ipam.dns);
  EXPECT_EQ(folder.addresses.holder("net", ip("10.1.2.2")), tag_of("a"));
  EXPECT_EQ(folder.addresses.holder("net", ip("fd00::2")), tag_of("a"));
}

TEST_F(RangeIpam, WritesTheRecordWithTheAddresses) {
  config.ipam.ranges.push_back({range("fd00::/64")});
  allocate("a");
  const auto record = record_of("a");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->addresses, (std::vector<cni::IpAddress>{ip("10.1.2.2"), ip("fd00::2")}));
  EXPECT_EQ(record->attachment, request("a").attachment);
  EXPECT_EQ(record->netns, "/run/netns/a");
}

TEST_F(RangeIpam, ReusesAnAddressAsLateAsPossible) {
  config.ipam.ranges = {{range("10.1.2.0/29")}};
  const char* const addresses[] = {"10.1.2.2/29", "10.1.2.3/29", "10.1.2.4/29", "10.1.2.5/29",
                                   "10.1.2.6/29", "10.1.2.2/29", "10.1.2.3/29"};
  for (const auto* address : addresses) {
    EXPECT_EQ(allocate("a"), address);
    release("a");
  }
}

TEST_F(RangeIpam, SkipsTakenAddresses) {
  config.ipam.ranges = {{range("10.1.2.0/29"), range("10.1.9.0/30")}};
  folder.addresses.take("net", ip("10.1.2.3"), cni::Tag{1});
  fs::create_directories(file("addresses/10.1.2.4"));
  EXPECT_EQ(allocate("a"), "10.1.2.2/29");
  EXPECT_EQ(allocate("b"), "10.1.2.5/29");
  EXPECT_EQ(allocate("c"), "10.1.2.6/29");
  EXPECT_EQ(allocate("d"), "10.1.9.2/30");
  release("b");
  EXPECT_EQ(allocate("e"), "10.1.2.5/29");
}

TEST_F(RangeIpam, AllocatesEveryAddressBeforeTheSetIsFull) {
  const struct {
    const char* subnet;
    int size;
    const char* text;
  } cases[] = {
      {"10.1.2.0/32", 1, "102: no IP addresses available in range set 10.1.2.0-10.1.2.0: 1 are taken"},
      {"10.1.3.0/31", 2, "102: no IP addresses available in range set 10.1.3.0-10.1.3.1: 2 are taken"},
      {"10.1.4.0/30", 1, "102: no IP addresses available in range set 10.1.4.1-10.1.4.2: 1 are taken"},
      {"10.1.5.0/25", 125, "102: no IP addresses available in range set 10.1.5.1-10.1.5.126: 125 are taken"},
      {"fd00::/120", 254, "102: no IP addresses available in range set fd00::1-fd00::ff: 254 are taken"},
      {"fd01::8/127", 2, "102: no IP addresses available in range set fd01::8-fd01::9: 2 are taken"},
  };
  for (const auto& [subnet, size, text] : cases) {
    config.ipam.ranges = {{range(subnet)}};
    EXPECT_EQ(readiness(), "");
    for (int number = 0; number < size; ++number) {
      const std::string given = allocate(subnet + std::to_string(number));
      EXPECT_EQ(given.find(':') == 3, false) << given;
    }
    EXPECT_EQ(allocate("one more"), text);
    EXPECT_EQ(readiness(), text);
    EXPECT_FALSE(record_of("one more").has_value());
  }
}

TEST_F(RangeIpam, ReleasesTheAddressOfTheFirstSetIfTheSecondIsFull) {
  config.ipam.ranges = {{range("10.1.2.0/24")}, {range("fd00::/128")}};
  EXPECT_EQ(allocate("a"), "10.1.2.2/24 fd00::/128");
  EXPECT_EQ(allocate("b"), "102: no IP addresses available in range set fd00::-fd00::: 1 are taken");
  EXPECT_EQ(folder.addresses.list_addresses("net").size(), 2U);
}

TEST_F(RangeIpam, AllocatesRequestedAddresses) {
  config.ipam.ranges.push_back({range("fd00::/64")});
  EXPECT_EQ(allocate_requested("a", {"fd00::77"}), "10.1.2.2/24 fd00::77/64");
  EXPECT_EQ(allocate_requested("b", {"fd00::78", "10.1.2.200"}), "10.1.2.200/24 fd00::78/64");
  EXPECT_EQ(allocate("c"), "10.1.2.3/24 fd00::2/64");
}

TEST_F(RangeIpam, SkipsAddressesOfOtherNetworksOnTheBridge) {
  config.mode = cni::Mode::bridge;
  auto other = request("a");
  other.attachment.network = "other";
  for (int number = 0; number < 100; ++number) {
    other.attachment.container = "c" + std::to_string(number);
    allocate(other);
  }
  EXPECT_EQ(allocate("a"), "10.1.2.102/24");
  EXPECT_EQ(allocate("b"), "10.1.2.103/24");
  EXPECT_EQ(
      allocate_requested("c", {"10.1.2.5"}),
      "103: requested address 10.1.2.5 is held by container \"c3\", interface \"eth0\" of network \"other\" on the "
      "same bridge");
  config.bridge.name = "br1";
  EXPECT_EQ(allocate_requested("c", {"10.1.2.5"}), "10.1.2.5/24");
}

TEST_F(RangeIpam, IsFullIfOthersOnTheBridgeHaveTheRest) {
  config.mode = cni::Mode::bridge;
  config.ipam.ranges = {{range("10.1.2.0/24", "10.1.2.2", "10.1.2.3")}};
  auto other = request("a");
  other.attachment.network = "other";
  allocate(other);
  EXPECT_EQ(allocate("a"), "10.1.2.3/24");
  EXPECT_EQ(allocate("b"), "102: no IP addresses available in range set 10.1.2.2-10.1.2.3: 2 are taken");
  EXPECT_EQ(readiness(), "102: no IP addresses available in range set 10.1.2.2-10.1.2.3: 2 are taken");
}

TEST_F(RangeIpam, KeepsNoAddressThatCannotBeClaimedOnTheBridge) {
  config.mode = cni::Mode::bridge;
  std::ofstream{folder.path() + "/.bridges"} << "a file instead of the directory";
  EXPECT_THROW(lease(request("a")), std::system_error);
  EXPECT_TRUE(folder.addresses.list_addresses("net").empty());
  EXPECT_FALSE(folder.records.find(request("a").attachment));
}

TEST_F(RangeIpam, RejectsInvalidRequests) {
  auto configured = range("10.1.2.0/24");
  configured.exclude = {prefix("10.1.2.64/26")};
  config.ipam.ranges = {{configured}, {range("fd00::/64")}};
  allocate_requested("holder", {"10.1.2.5"});
  const struct {
    std::vector<const char*> addresses;
    const char* text;
  } cases[] = {
      {{"10.9.9.9"},
       "7: requested address 10.9.9.9 is in none of the ranges 10.1.2.1-10.1.2.254,fd00::1-fd00::ffff:ffff:ffff:ffff"},
      {{"10.1.2.255"},
       "7: requested address 10.1.2.255 is in none of the ranges "
       "10.1.2.1-10.1.2.254,fd00::1-fd00::ffff:ffff:ffff:ffff"},
      {{"10.1.2.1"}, "7: requested address 10.1.2.1 is the gateway of the subnet 10.1.2.0/24"},
      {{"fd00::1"}, "7: requested address fd00::1 is the gateway of the subnet fd00::/64"},
      {{"10.1.2.70"}, "7: requested address 10.1.2.70 is excluded by 10.1.2.64/26"},
      {{"10.1.2.8", "fd00::8", "10.1.2.9"}, "7: failed to allocate all requested addresses: 10.1.2.9"},
      {{"10.1.2.5"}, "103: requested address 10.1.2.5 is held by container \"holder\", interface \"eth0\""},
      {{"10.1.2.5", "fd00::8"}, "103: requested address 10.1.2.5 is held by container \"holder\", interface \"eth0\""},
      {{"fd00::8", "10.1.2.5"}, "103: requested address 10.1.2.5 is held by container \"holder\", interface \"eth0\""},
  };
  for (const auto& [addresses, text] : cases) EXPECT_EQ(allocate_requested("a", addresses), text);
  EXPECT_FALSE(folder.records.find(request("a").attachment).has_value());
  EXPECT_EQ(folder.addresses.list_addresses("net").size(), 2U);
}

TEST_F(RangeIpam, ReportsAHolderWithoutARecord) {
  folder.addresses.take("net", ip("10.1.2.5"), cni::Tag{7});
  EXPECT_EQ(allocate_requested("a", {"10.1.2.5"}),
            "103: requested address 10.1.2.5 is held by an attachment with the tag " + cni::to_string(cni::Tag{7}));
  std::ofstream{file("addresses/10.1.2.6")} << "x";
  EXPECT_EQ(allocate_requested("a", {"10.1.2.6"}), "103: requested address 10.1.2.6 is held by a file in \"" +
                                                       folder.path() + "\" that this plugin did not create");
}

TEST_F(RangeIpam, AllocatesAnotherAddressIfItIsCalledAgain) {
  EXPECT_EQ(allocate("a"), "10.1.2.2/24");
  EXPECT_EQ(allocate("a"), "10.1.2.3/24");
  EXPECT_EQ(record_of("a")->addresses, (std::vector<cni::IpAddress>{ip("10.1.2.2"), ip("10.1.2.3")}));
  release("a");
  EXPECT_TRUE(folder.addresses.list_addresses("net").empty());
}

TEST_F(RangeIpam, DoesNotAllocateARequestedAddressTwice) {
  EXPECT_EQ(allocate_requested("a", {"10.1.2.9"}), "10.1.2.9/24");
  EXPECT_EQ(allocate_requested("a", {"10.1.2.9"}),
            "103: requested address 10.1.2.9 is held by container \"a\", interface \"eth0\"");
  EXPECT_EQ(record_of("a")->addresses, std::vector<cni::IpAddress>{ip("10.1.2.9")});
  EXPECT_EQ(folder.addresses.holder("net", ip("10.1.2.9")), tag_of("a"));
}

TEST_F(RangeIpam, KeepsTheRecordIfASecondAllocationFails) {
  config.ipam.ranges.push_back({range("fd00::/64")});
  allocate("a");
  folder.records.mark_live(request("a").attachment);
  const auto before = record_of("a");
  folder.addresses.take("net", ip("fd00::9"), cni::Tag{9});
  EXPECT_NE(allocate_requested("a", {"fd00::9"}).find("103: "), std::string::npos);
  EXPECT_EQ(record_of("a"), before);
  EXPECT_EQ(folder.records.find(request("a").attachment)->stage, state::Stage::live);
  EXPECT_EQ(folder.addresses.list_addresses("net").size(), 3U);
}

TEST_F(RangeIpam, ReleasesItsAddressesIfASystemCallFails) {
  config.ipam.ranges.push_back({range("fd00::/64")});
  fs::create_directories(file("addresses"));
  std::ofstream{file("pending")} << "in the way";
  EXPECT_EQ(allocate("a"),
            "write the record \"" + file("pending/" + cni::to_string(tag_of("a"))) + "\": Not a directory");
  EXPECT_TRUE(folder.addresses.list_addresses("net").empty());
}

TEST_F(RangeIpam, KeepsTheAddressesOfAnUnreadableRecord) {
  allocate("a");
  std::ofstream{file("pending/" + cni::to_string(tag_of("a")))} << "{";
  EXPECT_EQ(allocate("a"), "10.1.2.3/24");
  EXPECT_EQ(record_of("a")->addresses, (std::vector<cni::IpAddress>{ip("10.1.2.2"), ip("10.1.2.3")}));
}

TEST_F(RangeIpam, BeginsWithTheFirstAddressWithoutAValidCursor) {
  for (const auto* target : {"not an address", "10.77.0.1", "fd00::1"}) {
    folder.addresses.take("net", ip("10.1.2.77"), cni::Tag{1});
    fs::remove(file("cursor"));
    fs::create_symlink(target, file("cursor"));
    EXPECT_EQ(allocate("a"), "10.1.2.2/24") << target;
    release("a");
  }
}

TEST_F(RangeIpam, ReadsDnsFromTheConfiguredFile) {
  config.ipam.dns.domain = "unused";
  config.ipam.resolv_conf = directory.path() + "/resolv.conf";
  EXPECT_EQ(allocate("a"), "7: /ipam/resolvConf: \"" + *config.ipam.resolv_conf + "\" does not exist");
  std::ofstream{*config.ipam.resolv_conf} << "nameserver 192.0.2.53\n";
  EXPECT_EQ(lease(request("a")).dns,
            (cni::Dns{.nameservers = {"192.0.2.53"}, .domain = {}, .search = {}, .options = {}}));
}

TEST_F(RangeIpam, ReleasesOnlyItsOwnAddresses) {
  allocate("a");
  allocate("b");
  auto record = *record_of("a");
  record.addresses.push_back(ip("10.1.2.3"));
  record.addresses.push_back(ip("10.1.2.4"));
  folder.records.write_pending(record);
  release("a");
  EXPECT_EQ(folder.addresses.list_addresses("net"), std::vector<cni::IpAddress>{ip("10.1.2.3")});
  release("a");
  EXPECT_EQ(folder.addresses.list_addresses("net").size(), 1U);
}

TEST_F(RangeIpam, ReleasesByTheLinksIfTheRecordCannotBeRead) {
  allocate("a");
  allocate("b");
  std::ofstream{file("pending/" + cni::to_string(tag_of("a")))} << "{";
  release("a");
  EXPECT_EQ(folder.addresses.list_addresses("net"), std::vector<cni::IpAddress>{ip("10.1.2.3")});
}

TEST_F(RangeIpam, ReleasesWithAnyConfiguration) {
  allocate("a");
  config.ipam.ranges = {{}};
  release("a");
  EXPECT_TRUE(folder.addresses.list_addresses("net").empty());
}

TEST_F(RangeIpam, ChecksThatItsAddressesAreHeld) {
  allocate("a");
  auto checking = request("a");
  checking.config.previous = cni::Result{};
  checking.config.previous->addresses = {{.interface = {}, .address = prefix("10.1.2.2/24"), .gateway = {}},
                                         {.interface = {}, .address = prefix("192.0.2.9/24"), .gateway = {}}};
  EXPECT_EQ(check(checking), "");
  allocate("b");
  checking.config.previous->addresses.front().address = prefix("10.1.2.3/24");
  EXPECT_EQ(check(checking),
            "104: address 10.1.2.3 is not held by the attachment but by container \"b\", interface \"eth0\"");
  folder.addresses.release("net", ip("10.1.2.2"), tag_of("a"));
  EXPECT_EQ(check(checking),
            "104: address 10.1.2.2 is not held by any attachment; address 10.1.2.3 is "
            "not held by the attachment but by container \"b\", interface \"eth0\"");
}

TEST_F(RangeIpam, DoesNotCheckTheAddressesOfAPeer) {
  allocate("a");
  auto checking = request("a");
  checking.config.previous = cni::Result{};
  checking.config.previous->addresses = {{.interface = {}, .address = prefix("10.1.2.5/24"), .gateway = {}}};
  EXPECT_NE(check(checking), "");
  checking.config.peer.addresses = {prefix("10.1.2.5/24")};
  EXPECT_EQ(check(checking), "");
}

TEST_F(RangeIpam, ReportsAMissingRecordInCheck) {
  EXPECT_EQ(check(request("a")), "104: the record of the attachment is missing");
}

TEST_F(RangeIpam, KeepsAddressesWithARecordInGc) {
  allocate("added meanwhile");
  gc({});
  EXPECT_EQ(folder.addresses.list_addresses("net"), (std::vector<cni::IpAddress>{ip("10.1.2.2")}));
}

TEST_F(RangeIpam, ReleasesAddressesOfInvalidAttachmentsInGc) {
  for (const auto* container : {"valid", "gone", "flying"}) {
    allocate(container);
    folder.records.remove("net", tag_of(container));
  }
  std::ofstream{file("addresses/10.1.2.99")} << "foreign";
  folder.addresses.take("other", ip("10.1.2.3"), tag_of("gone"));
  const auto elsewhere = state::Folder::open(root, root);
  const auto lock = elsewhere.locks.attachment(request("flying").attachment);
  gc({tag_of("valid")});
  EXPECT_EQ(folder.addresses.list_addresses("net"),
            (std::vector<cni::IpAddress>{ip("10.1.2.2"), ip("10.1.2.4"), ip("10.1.2.99")}));
  EXPECT_TRUE(folder.addresses.is_taken("other", ip("10.1.2.3")));
}

TEST_F(RangeIpam, WorksWithoutAFolderIfPossible) {
  const auto asking = request("a");
  ipam::RangeIpam without{asking, nullptr};
  EXPECT_NO_THROW(without.gc({}));
  EXPECT_NO_THROW(without.status());
  EXPECT_EQ(test::error_text([&] { without.check(); }), "104: the state folder is missing, so no address is held");
  EXPECT_EQ(test::error_text([&] { test::lease_of(without.allocate()); }),
            "999: cannot allocate addresses: there is no state folder");
}

TEST_F(RangeIpam, FindsTheFreeAddressAmongTenThousandLeases) {
  config.ipam.ranges = {{range("fd00::/64")}};
  const auto first = ip("fd00::2");
  constexpr unsigned leases = 10'000;
  for (unsigned number = 0; number < leases; ++number) {
    if (number != leases / 2) folder.addresses.take("net", {first.family, first.bits + number}, cni::Tag{number});
  }
  EXPECT_EQ(readiness(), "");
  EXPECT_EQ(allocate("a"), "fd00::138a/64");
  EXPECT_EQ(allocate("b"), "fd00::2712/64");
  EXPECT_EQ(allocate("c"), "fd00::2713/64");
}

/// Runs in each child of the test below. Returns its exit status.
int allocate_many(const std::string& root, const cni::NetworkConfig& config, int child) {
  auto folder = state::Folder::open(root, root);
  for (int number = 0; number < 50; ++number) {
    cni::Request request;
    request.attachment = {.network = "net", .container = std::to_string(child * 100 + number), .interface = "eth0"};
    request.config = config;
    const auto lock = folder.locks.attachment(request.attachment);
    if (test::lease_of(ipam::RangeIpam{request, &folder}.allocate()).addresses.size() != 1) return 1;
  }
  return 0;
}

TEST_F(RangeIpam, AllocatesNoAddressTwiceInConcurrentProcesses) {
  config.ipam.ranges = {{range("10.1.2.0/23")}};
  constexpr int processes = 8;
  for (int child = 0; child < processes; ++child) {
    if (::fork() == 0)
      ::_exit(test::error_text([&] {
                if (allocate_many(root, config, child) != 0) ::_exit(1);
              }).empty()
                  ? 0
                  : 2);
  }
  for (int child = 0; child < processes; ++child) {
    int status = -1;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  std::set<cni::IpAddress> distinct;
  for (const auto& stored : folder.records.list("net")) distinct.insert(stored.record->addresses.at(0));
  EXPECT_EQ(distinct.size(), 400U);
  EXPECT_EQ(folder.addresses.list_addresses("net").size(), 400U);
}

}  // namespace
