#include "ipam/exec_ipam.hpp"
#include "ipam/fixed_ipam.hpp"
#include "ipam/ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "test/ipam/network.hpp"

namespace {

using test::prefix;
using test::range;
using test::requested;

class MakeIpam : public test::Network {
 protected:
  template <class Kind>
  bool returns() {
    const auto asking = request("a");
    const auto made = ipam::make_ipam(asking, &folder);
    return dynamic_cast<Kind*>(made.get()) != nullptr;
  }
};

TEST_F(MakeIpam, ReturnsAnIpamWithoutAddressesIfThereIsNoType) {
  config.ipam.type = "";
  config.ipam.ranges = {{range("10.1.2.0/24")}};
  const auto asking = request("a");
  const auto made = ipam::make_ipam(asking, &folder);
  EXPECT_EQ(test::lease_of(made->allocate()), cni::Lease{});
  made->check();
  made->gc({});
  made->status();
  EXPECT_TRUE(folder.records.networks().empty());
}

TEST_F(MakeIpam, ReturnsARangeIpamIfThereAreRanges) {
  config.ipam.ranges = {{range("10.1.2.0/24")}};
  config.ipam.addresses = {{.address = prefix("10.9.9.9/24"), .gateway = {}}};
  EXPECT_TRUE(returns<ipam::RangeIpam>());
}

TEST_F(MakeIpam, ReturnsARangeIpamIfTheRuntimeRequestsRanges) {
  config.requested.ranges = {{range("10.1.2.0/24")}};
  EXPECT_TRUE(returns<ipam::RangeIpam>());
}

TEST_F(MakeIpam, ReturnsAFixedIpamWithoutRanges) {
  EXPECT_TRUE(returns<ipam::FixedIpam>());
  config.requested.addresses = {requested("10.9.9.9")};
  EXPECT_TRUE(returns<ipam::FixedIpam>());
}

TEST_F(MakeIpam, ReturnsAnExecIpamForAnyOtherType) {
  config.ipam.ranges = {{range("10.1.2.0/24")}};
  for (const auto* type : {"host-local", "static", "dhcp", "Veth-IPAM"}) {
    config.ipam.type = type;
    EXPECT_TRUE(returns<ipam::ExecIpam>()) << type;
  }
}

}  // namespace
