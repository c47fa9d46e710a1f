#include "ipam/exec_ipam.hpp"
#include "ipam/fixed_ipam.hpp"
#include "ipam/ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "test/ipam/network.hpp"

namespace {

using test::prefix;
using test::range;
using test::wish;

class Choose : public test::Network {
 protected:
  template <class Kind>
  bool chooses() {
    const auto asking = request("a");
    const auto chosen = ipam::choose(asking, &folder);
    return dynamic_cast<Kind*>(chosen.get()) != nullptr;
  }
};

TEST_F(Choose, NothingWhereThereIsNoType) {
  config.ipam.type = "";
  config.ipam.ranges = {{range("10.1.2.0/24")}};
  const auto asking = request("a");
  const auto chosen = ipam::choose(asking, &folder);
  EXPECT_EQ(test::lease_of(chosen->allocate()), cni::Lease{});
  chosen->check();
  chosen->collect({});
  chosen->check_ready();
  EXPECT_TRUE(folder.records.networks().empty());
}

TEST_F(Choose, RangesWhereThereAreAny) {
  config.ipam.ranges = {{range("10.1.2.0/24")}};
  config.ipam.addresses = {{.address = prefix("10.9.9.9/24"), .gateway = {}}};
  EXPECT_TRUE(chooses<ipam::RangeIpam>());
}

TEST_F(Choose, RangesOfTheRuntime) {
  config.wishes.ranges = {{range("10.1.2.0/24")}};
  EXPECT_TRUE(chooses<ipam::RangeIpam>());
}

TEST_F(Choose, FixedAddressesOtherwise) {
  EXPECT_TRUE(chooses<ipam::FixedIpam>());
  config.wishes.addresses = {wish("10.9.9.9")};
  EXPECT_TRUE(chooses<ipam::FixedIpam>());
}

TEST_F(Choose, TheExecutableOfAnyOtherName) {
  config.ipam.ranges = {{range("10.1.2.0/24")}};
  for (const auto* type : {"host-local", "static", "dhcp", "Veth-IPAM"}) {
    config.ipam.type = type;
    EXPECT_TRUE(chooses<ipam::ExecIpam>()) << type;
  }
}

}  // namespace
