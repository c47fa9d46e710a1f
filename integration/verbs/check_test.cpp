// CHECK: each manual change of the network is reported.
#include "integration/support/call.hpp"
#include "integration/support/iproute.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/snapshot.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

/// A manual change after ADD, and the text by which CHECK has to report it.
struct ManualChange {
  std::string name;
  std::function<void(const Container& container, const std::string& host_interface)> apply;
  std::string report;
};

std::ostream& operator<<(std::ostream& stream, const ManualChange& change) { return stream << change.name; }

void change_on_host(const std::vector<std::string>& arguments) { run_ip(Namespace::host(), arguments); }

const std::vector<ManualChange> manual_changes{
    {"Ipv4AddressWasRemoved",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"address", "delete", "10.1.2.2/24", "dev", "eth0"});
     },
     "10.1.2.2"},
    {"Ipv6AddressWasRemoved",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"address", "delete", "fd00:1:2::2/64", "dev", "eth0"});
     },
     "fd00:1:2::2"},
    {"Ipv4DefaultRouteWasRemoved",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"-4", "route", "delete", "default"});
     },
     "0.0.0.0/0"},
    {"Ipv6DefaultRouteWasRemoved",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"-6", "route", "delete", "default"});
     },
     "::/0"},
    {"Ipv4HostRouteWasRemoved",
     [](const auto&, const auto& veth) {
       change_on_host({"route", "delete", "10.1.2.2", "dev", veth});
     },
     "10.1.2.2"},
    {"Ipv6HostRouteWasRemoved",
     [](const auto&, const auto& veth) {
       change_on_host({"-6", "route", "delete", "fd00:1:2::2", "dev", veth});
     },
     "fd00:1:2::2"},
    {"Ipv4HostRouteWasMoved",
     [](const auto&, const auto& veth) {
       change_on_host({"route", "delete", "10.1.2.2", "dev", veth});
       change_on_host({"route", "add", "10.1.2.2", "dev", veth, "table", "100"});
     },
     "10.1.2.2"},
    {"Ipv4GatewayWasRemoved",
     [](const auto&, const auto& veth) {
       change_on_host({"address", "delete", "10.1.2.1/32", "dev", veth});
     },
     "10.1.2.1"},
    {"Ipv6GatewayWasRemoved",
     [](const auto&, const auto&) {
       change_on_host({"address", "delete", "fd00:1:2::1/128", "dev", "lo"});
     },
     "fd00:1:2::1"},
    {"ContainerEndWasTakenDown",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"link", "set", "eth0", "down"});
     },
     "eth0"},
    {"MacWasChanged",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"link", "set", "eth0", "address", "02:00:00:00:00:99"});
     },
     "02:00:00:00:00:99"},
    {"PairWasRemoved",
     [](const auto& a, const auto&) {
       run_ip(a.netns, {"link", "delete", "eth0"});
     },
     "eth0"},
};

class CheckAfterManualChange : public testing::TestWithParam<ManualChange> {};

TEST_P(CheckAfterManualChange, ReportsTheDifference) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, dual_stack(), added.result).exit, 0) << "CHECK right after ADD";
  GetParam().apply(a, host_interface_of(added.result));
  const auto checked = check(a, dual_stack(), added.result);
  EXPECT_EQ(checked.exit, 1) << checked;
  EXPECT_EQ(code_of(checked), 104) << checked;
  EXPECT_NE(checked.out.find(GetParam().report), std::string::npos) << checked;
  EXPECT_EQ(del(a, dual_stack(), added.result).exit, 0);
}

INSTANTIATE_TEST_SUITE_P(, CheckAfterManualChange, testing::ValuesIn(manual_changes),
                         [](const auto& instance) { return instance.param.name; });

TEST(Check, SucceedsWithoutOutputIfNothingDiffers) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  const auto before = Snapshot::take();
  const auto checked = check(a, dual_stack(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
  EXPECT_EQ(checked.out, "");
  EXPECT_TRUE(unchanged_since(before));
}

TEST(Check, NeedsAPreviousResultAndAnAttachment) {
  const Container a{"a"};
  const auto added = add(a, dual_stack());
  ASSERT_EQ(added.exit, 0) << added;
  EXPECT_EQ(check(a, dual_stack(), nullptr).exit, 1);
  ASSERT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_EQ(check(a, dual_stack(), added.result).exit, 1);
}

// A later plugin of the chain, such as sbr, may move routes into another table.
TEST(Check, AcceptsRoutesThatMovedToAnotherTable) {
  const Container a{"a"};
  const auto added = add(a, ipv4_only());
  ASSERT_EQ(added.exit, 0) << added;
  run_ip(a.netns, {"route", "delete", "default"});
  run_ip(a.netns, {"route", "add", "default", "via", "10.1.2.1", "dev", "eth0", "table", "100"});
  const auto checked = check(a, ipv4_only(), added.result);
  EXPECT_EQ(checked.exit, 0) << checked;
}

}  // namespace
