// STATUS, and how a full range and a requested address reclaim stale leases.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace support;

class Status : public testing::Test {
 protected:
  Status() {
    config["cniVersion"] = "1.1.0";
    config["ipam"] = veth_ipam({"10.1.2.0/30"});  // one address and the gateway
  }

  Answer status() { return call({.command = "STATUS", .interface = "", .config = config}); }

  json config = dual_stack();
};

TEST_F(Status, IsReadyWhileThereAreAddresses) {
  const auto before = Snapshot::take();
  const auto answer = status();
  EXPECT_EQ(answer.exit, 0) << answer;
  EXPECT_EQ(answer.out, "");
  EXPECT_TRUE(unchanged_since(before));
}

TEST_F(Status, ReportsAFullRange) {
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  const auto answer = status();
  EXPECT_EQ(answer.exit, 1) << answer;
  EXPECT_EQ(code_of(answer), 50) << answer;
  EXPECT_NE(answer.out.find("10.1.2.1-10.1.2.2"), std::string::npos) << answer;
  EXPECT_NE(answer.out.find("readyWhenFull"), std::string::npos) << answer;
  ASSERT_EQ(del(a, config).exit, 0);
  EXPECT_EQ(status().exit, 0);
}

TEST_F(Status, IsReadyWithAFullRangeAndReadyWhenFull) {
  config["readyWhenFull"] = true;
  const Container a{"a"};
  ASSERT_EQ(add(a, config).exit, 0);
  const auto answer = status();
  EXPECT_EQ(answer.exit, 0) << answer;
}

TEST_F(Status, CountsStaleAddressesAsFree) {
  Container a{"a"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  run_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
  const auto answer = status();
  EXPECT_EQ(answer.exit, 0) << answer;
}

TEST(FullRange, RefusesAddUntilAnAttachmentIsStale) {
  json config = dual_stack();
  config["ipam"] = veth_ipam({"10.1.2.0/30"});
  const Container a{"a"};
  const Container b{"b"};
  const auto added = add(a, config);
  ASSERT_EQ(added.exit, 0) << added;
  const auto refused = add(b, config);
  EXPECT_EQ(refused.exit, 1) << refused;
  EXPECT_EQ(code_of(refused), 102) << refused;
  run_ip(Namespace::host(), {"link", "delete", host_interface_of(added.result)});
  const auto second = add(b, config);
  ASSERT_EQ(second.exit, 0) << second;
  EXPECT_EQ(address_of(second.result, 4), "10.1.2.2");
}

/// A requested address, and where it is requested.
struct RequestedAddress {
  std::string mode;
  std::string source;
  std::string address;
};

std::ostream& operator<<(std::ostream& stream, const RequestedAddress& requested) {
  return stream << requested.mode << "_" << requested.source << "_"
                << (requested.address.find(':') == std::string::npos ? "ipv4" : "ipv6");
}

class AllocatedRequestedAddress : public testing::TestWithParam<RequestedAddress> {
 protected:
  void SetUp() override {
    ASSERT_EQ(add(first, in_mode(GetParam().mode)).exit, 0);  // a bridge stays after DEL
    ASSERT_EQ(del(first, in_mode(GetParam().mode)).exit, 0);
    before = Snapshot::take();
    const auto added = call(requesting(a));
    ASSERT_EQ(added.exit, 0) << added;
    host_end = host_interface_of(added.result);
  }

  Call requesting(const Container& container) const {
    const auto& [mode, source, address] = GetParam();
    const auto prefix = address + (address.find(':') == std::string::npos ? "/24" : "/64");
    Call request{.command = "ADD", .container = container.id, .netns = container.netns.path(), .config = in_mode(mode)};
    if (source == "args") request.args = "IP=" + address;
    if (source == "runtime") request.config["runtimeConfig"] = {{"ips", {prefix}}};
    if (source == "configuration")
      request.config["ipam"] = {{"type", "veth-ipam"}, {"addresses", {{{"address", prefix}}}}};
    return request;
  }

  Container first{"first"};
  Container a{"a"};
  Container b{"b"};
  Snapshot before;
  std::string host_end;
};

INSTANTIATE_TEST_SUITE_P(, AllocatedRequestedAddress,
                         testing::Values(RequestedAddress{"ptp", "args", "10.1.2.77"},
                                         RequestedAddress{"ptp", "args", "fd00:1:2::77"},
                                         RequestedAddress{"ptp", "runtime", "10.1.2.77"},
                                         RequestedAddress{"ptp", "runtime", "fd00:1:2::77"},
                                         RequestedAddress{"ptp", "configuration", "10.1.2.77"},
                                         RequestedAddress{"bridge", "args", "10.1.2.77"},
                                         RequestedAddress{"bridge", "runtime", "fd00:1:2::77"},
                                         RequestedAddress{"bridge", "configuration", "fd00:1:2::77"}),
                         testing::PrintToStringParamName());

TEST_P(AllocatedRequestedAddress, IsReclaimedFromAStaleHolder) {
  run_ip(Namespace::host(), {"link", "delete", host_end});
  const auto added = call(requesting(b));
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_NE(added.out.find(GetParam().address + "/"), std::string::npos) << added;
  EXPECT_EQ(del(b, in_mode(GetParam().mode)).exit, 0);
  EXPECT_TRUE(unchanged_since(before));
}

TEST_P(AllocatedRequestedAddress, IsRefusedWhileTheHolderExists) {
  run_ip(Namespace::host(), {"link", "set", host_end, "alias", "rack 7"});
  const auto refused = call(requesting(b));
  EXPECT_EQ(code_of(refused), 103) << refused;
  EXPECT_NE(refused.out.find("\\\"a\\\""), std::string::npos) << refused;
  EXPECT_TRUE(has_interface(a.netns, "eth0"));
}

}  // namespace
