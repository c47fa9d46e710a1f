#include "ipam/fixed_ipam.hpp"

#include "test/ipam/network.hpp"
#include "test/support/error_text.hpp"

namespace {

using test::ip;
using test::prefix;
using test::requested;

class FixedIpam : public test::Network {
 protected:
  FixedIpam() { config.ipam.addresses = {{.address = prefix("10.1.2.3/24"), .gateway = ip("10.1.2.1")}}; }

  std::string allocate(const std::string& container) {
    const auto asking = request(container);
    return test::error_text([&] { test::lease_of(ipam::FixedIpam{asking, &folder}.allocate()); });
  }
};

TEST_F(FixedIpam, AssignsTheConfiguredAddresses) {
  config.ipam.addresses.push_back({.address = prefix("fd00::3/64"), .gateway = {}});
  config.ipam.routes.push_back(test::route_to("0.0.0.0/0"));
  const auto asking = request("a");
  const auto lease = test::lease_of(ipam::FixedIpam{asking, &folder}.allocate());
  EXPECT_EQ(lease.addresses, config.ipam.addresses);
  EXPECT_EQ(lease.routes, config.ipam.routes);
  EXPECT_EQ(record_of("a")->addresses, (std::vector<cni::IpAddress>{ip("10.1.2.3"), ip("fd00::3")}));
}

TEST_F(FixedIpam, AssignsTheRequestedAddressesInstead) {
  config.requested.addresses = {{.address = ip("10.9.9.9"), .prefix_length = 16, .gateway = ip("10.9.0.1")}};
  EXPECT_EQ(ipam::fixed_addresses(config),
            (std::vector<cni::LeasedAddress>{{.address = prefix("10.9.9.9/16"), .gateway = ip("10.9.0.1")}}));
}

TEST_F(FixedIpam, AssignsAnAddressToOnlyOneAttachment) {
  EXPECT_EQ(allocate("a"), "");
  EXPECT_EQ(allocate("b"), "103: requested address 10.1.2.3 is held by container \"a\", interface \"eth0\"");
  EXPECT_FALSE(record_of("b").has_value());
  release("a");
  folder.records.remove("net", tag_of("a"));
  EXPECT_EQ(allocate("b"), "");
}

TEST_F(FixedIpam, ReservesNothingIfTheConfigurationDisablesIt) {
  config.ipam.reserves_addresses = false;
  for (const auto* container : {"a", "b"}) {
    const auto asking = request(container);
    EXPECT_EQ(test::lease_of(ipam::FixedIpam{asking, &folder}.allocate()).addresses, config.ipam.addresses);
  }
  EXPECT_TRUE(folder.addresses.list("net").empty());
}

TEST_F(FixedIpam, AllocatesAllOrNothing) {
  config.ipam.addresses.push_back({.address = prefix("fd00::3/64"), .gateway = {}});
  folder.addresses.take("net", ip("fd00::3"), cni::Tag{3});
  EXPECT_EQ(allocate("a"),
            "103: requested address fd00::3 is held by an attachment with the tag " + cni::to_string(cni::Tag{3}));
  EXPECT_FALSE(folder.addresses.is_taken("net", ip("10.1.2.3")));
}

TEST_F(FixedIpam, ReusesItsOwnLinkWithoutARecord) {
  folder.addresses.take("net", ip("10.1.2.3"), tag_of("a"));
  EXPECT_EQ(allocate("a"), "");
}

TEST_F(FixedIpam, RejectsInvalidConfigurations) {
  const cni::LeasedAddress address{.address = prefix("10.1.2.3/24"), .gateway = {}};
  const cni::LeasedAddress again{.address = prefix("10.1.2.3/16"), .gateway = {}};
  const cni::LeasedAddress another{.address = prefix("10.1.2.4/24"), .gateway = {}};
  const struct {
    cni::Version version;
    std::vector<cni::LeasedAddress> addresses;
    std::vector<cni::RequestedAddress> requested;
    const char* text;
  } cases[] = {
      {cni::Version::v1_1_0, {address, again}, {}, "7: /ipam/addresses: 10.1.2.3 is given twice. Remove one of them"},
      {cni::Version::v1_1_0,
       {address},
       {{ip("10.9.9.9"), 24}, {ip("10.9.9.9"), 16}},
       "7: requested addresses: 10.9.9.9 is given twice. Remove one of them"},
      {cni::Version::v1_1_0,
       {address},
       {requested("10.9.9.9")},
       "7: requested address 10.9.9.9 needs a prefix length, as in \"10.9.9.9/24\""},
      {cni::Version::v0_2_0,
       {address, another},
       {},
       "7: CNI version 0.2.0 does not support more than 1 address per family"},
  };
  for (const auto& each : cases) {
    config.version = each.version;
    config.ipam.addresses = each.addresses;
    config.requested.addresses = each.requested;
    EXPECT_EQ(allocate("a"), each.text);
    const auto asking = request("");
    EXPECT_EQ(test::error_text([&] { ipam::FixedIpam{asking, &folder}.status(); }), each.text);
  }
}

TEST_F(FixedIpam, RejectsAnAddressThatIsItsOwnGateway) {
  config.mode = cni::Mode::bridge;
  for (const char* address : {"10.1.2.1/24", "10.1.2.1/31", "fd00::1/127"}) {
    config.bridge.is_gateway = false;
    config.ipam.addresses = {{prefix(address), {}}};
    EXPECT_NO_THROW(ipam::fixed_addresses(config)) << address;
    config.bridge.is_gateway = true;
    const auto asking = request("");
    EXPECT_EQ(
        test::error_text([&] {
          ipam::FixedIpam{asking, &folder}.status();
        }),
        "7: /ipam/addresses: " + std::string{address} + " is its own gateway. Use another address or another gateway");
  }
  config.ipam.addresses = {{prefix("10.1.2.1/31"), ip("10.1.2.0")}};
  EXPECT_NO_THROW(ipam::fixed_addresses(config));
  config.mode = cni::Mode::ptp;
  config.ipam.addresses = {{prefix("10.1.2.0/31"), ip("10.1.2.0")}};
  EXPECT_THROW(ipam::fixed_addresses(config), cni::Error);
}

TEST_F(FixedIpam, ChecksThatItsAddressesAreHeld) {
  EXPECT_EQ(allocate("a"), "");
  auto checking = request("a");
  checking.config.previous = cni::Result{};
  checking.config.previous->addresses = {{.interface = {}, .address = prefix("10.1.2.3/24"), .gateway = {}}};
  EXPECT_NO_THROW((ipam::FixedIpam{checking, &folder}.check()));
  folder.addresses.release("net", ip("10.1.2.3"), tag_of("a"));
  EXPECT_EQ(test::error_text([&] {
              ipam::FixedIpam{checking, &folder}.check();
            }),
            "104: address 10.1.2.3 is not held by any attachment");
}

TEST_F(FixedIpam, IsReadyWhileItsAddressesAreInUse) {
  EXPECT_EQ(allocate("a"), "");
  const auto asking = request("");
  EXPECT_NO_THROW((ipam::FixedIpam{asking, &folder}.status()));
}

TEST_F(FixedIpam, IsReadyIfTheRuntimeRequestsTheAddresses) {
  auto asking = request("");
  asking.config.ipam.addresses.clear();
  EXPECT_NO_THROW((ipam::FixedIpam{asking, &folder}.status()));
  EXPECT_EQ(test::error_text([&] {
              test::lease_of(ipam::FixedIpam{asking, &folder}.allocate());
            }),
            "7: /ipam: no IP ranges specified and no addresses. Add \"subnet\", \"ranges\" or \"addresses\"");
}

TEST_F(FixedIpam, ReleasesAddressesOfInvalidAttachments) {
  EXPECT_EQ(allocate("a"), "");
  folder.records.remove("net", tag_of("a"));
  const auto collecting = request("");
  ipam::FixedIpam{collecting, &folder}.gc({tag_of("a")});
  EXPECT_TRUE(folder.addresses.is_taken("net", ip("10.1.2.3")));
  ipam::FixedIpam{collecting, &folder}.gc({});
  EXPECT_FALSE(folder.addresses.is_taken("net", ip("10.1.2.3")));
}

}  // namespace
