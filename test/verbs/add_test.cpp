#include "plugin/verbs/add.hpp"

#include "plugin/posix/system_error.hpp"
#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Add : public test::NetworkTest {
 protected:
  void expect_addresses(const std::string& printed, const Texts& addresses) const {
    Texts printed_addresses;
    for (const auto& each : cni::parse_result(printed, cni::Version::v1_1_0, "the result").addresses) {
      printed_addresses.push_back(cni::to_string(each.address));
    }
    EXPECT_EQ(printed_addresses, addresses);
  }
  std::string error_with(const verbs::Print& print) {
    return test::error_text([&] { verbs::add(request("c1"), kernel, root, print); });
  }
};

TEST_F(Add, PrintsItsResultOnce) {
  Texts printed;
  verbs::add(request("c1"), kernel, root, [&](std::string_view text) { printed.emplace_back(text); });
  ASSERT_EQ(printed.size(), 1U);
  expect_addresses(printed[0], {"10.1.2.2/29", "fd00::2/125"});
}

TEST_F(Add, PrintsTheResultInTheVersionOfTheConfiguration) {
  config.version = cni::Version::v0_3_1;
  EXPECT_EQ(add("c1").substr(0, 30), "{\n    \"cniVersion\": \"0.3.1\",\n ");
}

TEST_F(Add, IsLiveAfterItsResultIsPrinted) {
  verbs::add(request("c1"), kernel, root, [&](auto) { EXPECT_FALSE(is_live("c1")); });
  EXPECT_TRUE(is_live("c1"));
}

TEST_F(Add, RecordsTheWiringBeforeItIsBuilt) {
  kernel.before_build = [&] {
    const auto stored = folder.records.find(attachment("c1"));
    ASSERT_TRUE(stored.has_value());
    ASSERT_TRUE(stored->record.has_value()) << "the record cannot be read";
    EXPECT_EQ(stored->record->addresses, (std::vector{ip("10.1.2.2"), ip("fd00::2")}));
    EXPECT_EQ(stored->record->host_interface.value().name, cni::host_interface_name(tag("c1")));
    EXPECT_TRUE(wiring::find_wiring(stored->record->wiring).has_value());
  };
  add("c1");
}

TEST_F(Add, RecordsWhatItHasBuilt) {
  add("c1");
  const auto made = record("c1");
  EXPECT_EQ(made.netns, "/run/netns/c1");
  EXPECT_EQ(made.host_interface.value().name, kernel.pairs.at(0).link.name);
  EXPECT_TRUE(wiring::find_wiring(made.wiring) == kernel.pairs.at(0).wiring);
  EXPECT_EQ(made.addresses, (std::vector{ip("10.1.2.2"), ip("fd00::2")}));
}

TEST_F(Add, RecordsNoFiltersThatTheKernelDoesNotSupport) {
  add("c1");
  EXPECT_FALSE(wiring::find_wiring(record("c1").wiring).value().accepted_sources.empty());
  kernel.lacks_filters = true;
  add("c2");
  EXPECT_TRUE(wiring::find_wiring(record("c2").wiring).value().accepted_sources.empty());
  EXPECT_TRUE(is_live("c2"));
}

TEST_F(Add, RejectsAnExistingAttachmentAndDoesNotChangeIt) {
  add("c1");
  const auto before = record("c1");
  kernel.calls.clear();
  EXPECT_EQ(error_of_add("c1"), "101: interface \"eth0\" of container \"c1\" is already attached to network \"net\"");
  EXPECT_EQ(kernel.calls, Texts{});
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(is_live("c1"));
  EXPECT_TRUE(record("c1") == before);
}

TEST_F(Add, RejectsAnExistingImportedAttachment) {
  import_attachment("c1", "10.1.2.2", "veth12345678");
  EXPECT_EQ(error_of_add("c1"), "101: interface \"eth0\" of container \"c1\" is already attached to network \"net\"");
  kernel.pairs.clear();
  EXPECT_EQ(error_of_add("c1"), "");
}

TEST_F(Add, ReplacesTheAttachmentOfAnUnfinishedAdd) {
  add("c1");
  folder.records.write_pending(record("c1"));
  expect_addresses(add("c1"), {"10.1.2.3/29", "fd00::3/125"});
  EXPECT_EQ(kernel.pairs.size(), 1U);
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_TRUE(is_live("c1"));
}

TEST_F(Add, ReplacesAnUnreadableRecord) {
  leave_killed_add("c1", {"10.1.2.6"});
  corrupt_record("pending", "c1");
  expect_addresses(add("c1"), {"10.1.2.2/29", "fd00::2/125"});
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Add, ReplacesAnAttachmentWithoutALink) {
  add("c1");
  kernel.pairs.clear();
  add("c1");
  EXPECT_TRUE(has_link("c1"));
  EXPECT_EQ(taken().size(), 2U);
}

TEST_F(Add, RejectsAndKeepsALinkWithoutARecord) {
  add("c1");
  folder.records.remove("net", tag("c1"));
  for (const auto& address : folder.addresses.list_addresses("net"))
    folder.addresses.release("net", address, tag("c1"));
  EXPECT_EQ(error_of_add("c1"), "101: interface \"eth0\" of container \"c1\" is already attached to network \"net\"");
  EXPECT_TRUE(has_link("c1"));
  EXPECT_EQ(taken(), Texts{});
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(Add, CreatesNothingForANamespaceThatCannotBeOpened) {
  kernel.errors["open_namespace"] = EACCES;
  EXPECT_EQ(error_of_add("c1"), "open_namespace: Permission denied");
  EXPECT_EQ(kernel.calls, Texts{});
  expect_nothing_left();
}

TEST_F(Add, ReleasesTheLeaseAndRemovesTheRecordWhenTheBuildFails) {
  kernel.errors["build"] = EPERM;
  EXPECT_EQ(error_of_add("c1"), "build: Operation not permitted");
  expect_nothing_left();
}

TEST_F(Add, RollsBackWhenTheResultCannotBeWritten) {
  EXPECT_EQ(error_with([](auto) { throw posix::system_error(EPIPE, "write"); }), "write: Broken pipe");
  expect_nothing_left();
}

TEST_F(Add, RejectsASysctlThatIsNotAllowedBeforeAnyChange) {
  config.tuning.sysctls = {{"net.x.y", "net/x/y", "1"}};
  EXPECT_EQ(error_of_add("c1"), R"(7: /sysctl: "net.x.y" is not allowed)");
  EXPECT_EQ(kernel.calls, Texts{});
  expect_nothing_left();
}

TEST_F(Add, RemovesTheIfbInARollback) {
  limit_rates();
  EXPECT_EQ(error_with([&](auto) {
              EXPECT_EQ(kernel.ifb_devices.size(), 1U);
              throw posix::system_error(EPIPE, "write");
            }),
            "write: Broken pipe");
  expect_nothing_left();
}

TEST_F(Add, ReplacesTheIfbOfAnAttachmentWithoutALink) {
  limit_rates();
  add("c1");
  kernel.pairs.clear();
  const auto left = kernel.ifb_devices;
  add("c1");
  ASSERT_EQ(kernel.ifb_devices.size(), 1U);
  EXPECT_FALSE(kernel.ifb_devices == left);
}

TEST_F(Add, ReplacesAnIfbWithoutARecord) {
  limit_rates();
  add("c1");
  kernel.pairs.clear();
  folder.records.remove("net", tag("c1"));
  add("c1");
  EXPECT_EQ(kernel.ifb_devices.size(), 1U);
}

TEST_F(Add, KeepsTheGatewaysOfOtherAttachmentsInARollback) {
  add("c1");
  kernel.errors["build"] = EPERM;
  EXPECT_EQ(error_of_add("c2"), "build: Operation not permitted");
  EXPECT_EQ(kernel.host_gateways, (std::vector{ip("fd00::1")}));
}

/// As in DEL: the address may still be in use.
TEST_F(Add, KeepsTheLeaseOfALinkThatCannotBeRemoved) {
  kernel.errors["remove_links"] = EBUSY;
  testing::internal::CaptureStderr();
  EXPECT_EQ(error_with([](auto) { throw posix::system_error(EPIPE, "write"); }), "write: Broken pipe");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "veth: cannot roll back the failed ADD: remove_links: Device or resource busy\n");
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Add, TriesTheNextAddressIfOneIsInUseElsewhere) {
  kernel.routed_addresses = {ip("10.1.2.2"), ip("10.1.2.3")};
  expect_addresses(add("c1"), {"10.1.2.4/29", "fd00::4/125"});
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(kernel.pairs.size(), 1U);
}

TEST_F(Add, ReleasesAnAddressThatIsInUseElsewhere) {
  kernel.routed_addresses = {ip("10.1.2.2")};
  add("c1");
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_EQ(record("c1").addresses, (std::vector{ip("10.1.2.3"), ip("fd00::3")}));
}

TEST_F(Add, FailsIfEachAddressIsInUseElsewhere) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  kernel.routed_addresses = {ip("10.1.2.2"), ip("10.1.2.3")};
  EXPECT_EQ(error_of_add("c1"), "103: address 10.1.2.2 lives elsewhere on the node: the host has a route to it");
  EXPECT_EQ(std::ranges::count(kernel.calls, "build"), 3);
  expect_nothing_left();
}

TEST_F(Add, FailsAfter16AddressesInUseElsewhere) {
  config.ipam.ranges = {{test::range("10.1.2.0/24")}};
  for (int i = 2; i < 100; ++i) kernel.routed_addresses.insert(ip("10.1.2." + std::to_string(i)));
  EXPECT_EQ(error_of_add("c1"), "103: address 10.1.2.17 lives elsewhere on the node: the host has a route to it");
  expect_nothing_left();
}

TEST_F(Add, RejectsARequestedAddressThatIsInUseElsewhere) {
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};
  config.requested.addresses = {{.address = ip("10.1.2.5")}};
  kernel.routed_addresses = {ip("10.1.2.5")};
  EXPECT_EQ(error_of_add("c1"), "103: address 10.1.2.5 lives elsewhere on the node: the host has a route to it");
  EXPECT_EQ(std::ranges::count(kernel.calls, "build"), 1);
  expect_nothing_left();
}

TEST_F(Add, RejectsAFixedAddressThatIsInUseElsewhere) {
  config.ipam = {.type = "veth-ipam"};
  config.ipam.addresses = {{.address = test::prefix("10.1.2.5/24")}};
  kernel.routed_addresses = {ip("10.1.2.5")};
  EXPECT_EQ(error_of_add("c1"), "103: address 10.1.2.5 lives elsewhere on the node: the host has a route to it");
  expect_nothing_left();
}

TEST_F(Add, RejectsARequestedAddressOfTheHost) {
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};
  kernel.host_addresses = {ip("10.1.2.2")};
  expect_addresses(add("c1"), {"10.1.2.3/29"});
  config.requested.addresses = {{.address = ip("10.1.2.2")}};
  EXPECT_EQ(error_of_add("c2"), "103: address 10.1.2.2 lives elsewhere on the node: the host itself has it");
}

TEST_F(Add, RejectsAGatewayThatAContainerHas) {
  add("c1");
  for (const int set : {0, 1}) {
    auto changed = config;
    changed.ipam.ranges[static_cast<std::size_t>(set)][0].gateway = ip(set == 0 ? "10.1.2.2" : "fd00::2");
    std::swap(changed, config);
    EXPECT_EQ(error_of_add("c2"), std::string{"103: gateway "} + (set == 0 ? "10.1.2.2" : "fd00::2") +
                                      " is an address of interface \"eth0\" of container \"c1\" of network \"net\"");
    std::swap(changed, config);
  }
  EXPECT_FALSE(has_record("c2"));
}

TEST_F(Add, ReclaimsAStaleAddressOfAFullPool) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  add("c1");
  add("c2");
  kernel.remove_links_of(attachment("c1"));
  expect_addresses(add("c3"), {"10.1.2.2/29"});
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(folder.addresses.holder("net", ip("10.1.2.2")), tag("c3"));
}

TEST_F(Add, FailsIfNoAddressOfAFullPoolIsStale) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  add("c1");
  add("c2");
  EXPECT_EQ(error_of_add("c3"), "102: no IP addresses available in range set 10.1.2.2-10.1.2.3: 2 are taken");
  EXPECT_TRUE(is_live("c1") && is_live("c2"));
  EXPECT_FALSE(has_record("c3"));
}

/// Its own record names a link that does not exist yet, but is not stale.
TEST_F(Add, DoesNotReclaimItsOwnAddresses) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  add("c1");
  kernel.routed_addresses = {ip("10.1.2.3")};
  EXPECT_EQ(error_of_add("c2"), "103: address 10.1.2.3 lives elsewhere on the node: the host has a route to it");
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
}

TEST_F(Add, HoldsItsLockUntilItsEnd) {
  const auto others = state::Folder::open(root, root);
  kernel.before_build = [&] { EXPECT_FALSE(others.locks.try_attachment(tag("c1")).has_value()); };
  verbs::add(request("c1"), kernel, root,
             [&](auto) { EXPECT_FALSE(others.locks.try_attachment(tag("c1")).has_value()); });
  EXPECT_TRUE(others.locks.try_attachment(tag("c1")).has_value());
}

TEST_F(Add, UsesTheMtuOfTheDefaultRouteIfNoneIsConfigured) {
  kernel.node.default_route_mtu = 9000;
  add("c1");
  EXPECT_EQ(kernel.pairs.back().wiring.mtu, 1500U);
  config.mtu.reset();
  add("c2");
  EXPECT_EQ(kernel.pairs.back().wiring.mtu, 9000U);
}

TEST_F(Add, TakesTheSizesOfLargePacketsFromTheUplinkOnRequest) {
  kernel.node.uplink_big_tcp = {200'000, 200'000, 180'000, 180'000};
  add("c1");
  EXPECT_EQ(kernel.pairs.back().wiring.big_tcp, std::nullopt);
  config.big_tcp = true;
  add("c2");
  EXPECT_EQ(kernel.pairs.back().wiring.big_tcp, (wiring::BigTcp{0, 0, 180'000, 180'000}));
  kernel.node.uplink_big_tcp = {};
  add("c3");
  EXPECT_EQ(kernel.pairs.back().wiring.big_tcp, std::nullopt);
}

TEST_F(Add, NeedsAnAddressFromTheIpam) {
  config.ipam = {};
  EXPECT_EQ(error_of_add("c1"), "7: the IPAM returned no address: mode \"ptp\" needs at least one");
  EXPECT_EQ(kernel.calls, Texts{});
  expect_nothing_left();
}

TEST_F(Add, UsesTheAddressesOfADelegate) {
  install_delegate(R"(echo '{"cniVersion":"1.1.0","ips":[{"address":"10.7.7.7/24"}]}')");
  expect_addresses(add("c1"), {"10.7.7.7/24"});
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(verbs_of_delegate(), "ADD\n");
}

TEST_F(Add, CallsDelOfTheDelegateWhenTheBuildFails) {
  install_delegate(R"([ $CNI_COMMAND = DEL ] || echo '{"cniVersion":"1.1.0","ips":[{"address":"10.7.7.7/24"}]}')");
  kernel.errors["build"] = EPERM;
  EXPECT_EQ(error_of_add("c1"), "build: Operation not permitted");
  EXPECT_EQ(verbs_of_delegate(), "ADD\nDEL\n");
  expect_nothing_left();
}

}  // namespace
