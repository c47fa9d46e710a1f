#include "plugin/verbs/add.hpp"

#include "plugin/posix/system_error.hpp"
#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Add : public test::VerbsOfNetwork {
 protected:
  void expect_addresses(const std::string& printed, const Texts& addresses) const {
    Texts told;
    for (const auto& each : cni::parse_result(printed, cni::Version::v1_1_0, "the result").addresses) {
      told.push_back(cni::to_string(each.address));
    }
    EXPECT_EQ(told, addresses);
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

TEST_F(Add, IsLiveWhenItsAnswerHasBeenPrinted) {
  verbs::add(request("c1"), kernel, root, [&](auto) { EXPECT_FALSE(is_live("c1")); });
  EXPECT_TRUE(is_live("c1"));
}

TEST_F(Add, RecordsWhatItIsGoingToMake) {
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

TEST_F(Add, RecordsWhatItHasMade) {
  add("c1");
  const auto made = record("c1");
  EXPECT_EQ(made.netns, "/run/netns/c1");
  EXPECT_EQ(made.host_interface.value().name, kernel.pairs.at(0).link.name);
  EXPECT_TRUE(wiring::find_wiring(made.wiring) == kernel.pairs.at(0).wiring);
  EXPECT_EQ(made.addresses, (std::vector{ip("10.1.2.2"), ip("fd00::2")}));
}

TEST_F(Add, RefusesAnAttachmentThatStandsAndTouchesNothingOfIt) {
  add("c1");
  const auto before = record("c1");
  kernel.asked.clear();
  EXPECT_EQ(error_of_add("c1"), "101: interface \"eth0\" of container \"c1\" is attached to network \"net\" already");
  EXPECT_EQ(kernel.asked, Texts{});
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(is_live("c1"));
  EXPECT_TRUE(record("c1") == before);
}

TEST_F(Add, RefusesAnImportedAttachmentThatStands) {
  import_attachment("c1", "10.1.2.2", "veth12345678");
  EXPECT_EQ(error_of_add("c1"), "101: interface \"eth0\" of container \"c1\" is attached to network \"net\" already");
  kernel.pairs.clear();
  EXPECT_EQ(error_of_add("c1"), "");
}

TEST_F(Add, ClearsWhatAnAddThatNeverEndedHasLeft) {
  add("c1");
  folder.records.write_pending(record("c1"));
  expect_addresses(add("c1"), {"10.1.2.3/29", "fd00::3/125"});
  EXPECT_EQ(kernel.pairs.size(), 1U);
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_TRUE(is_live("c1"));
}

TEST_F(Add, ClearsARecordThatCannotBeRead) {
  leave_unbuilt("c1", {"10.1.2.6"});
  spoil_record("pending", "c1");
  expect_addresses(add("c1"), {"10.1.2.2/29", "fd00::2/125"});
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Add, ReplacesAnAttachmentWhoseLinkIsGone) {
  add("c1");
  kernel.pairs.clear();
  add("c1");
  EXPECT_TRUE(has_link("c1"));
  EXPECT_EQ(taken().size(), 2U);
}

TEST_F(Add, LeavesALinkWithoutARecordAsItIs) {
  add("c1");
  folder.records.forget("net", tag("c1"));
  for (const auto& address : folder.addresses.list_addresses("net"))
    folder.addresses.release("net", address, tag("c1"));
  EXPECT_EQ(error_of_add("c1"), "101: interface \"eth0\" of container \"c1\" is attached to network \"net\" already");
  EXPECT_TRUE(has_link("c1"));
  EXPECT_EQ(taken(), Texts{});
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(Add, TakesNothingForANamespaceThatCannotBeOpened) {
  kernel.refusals["open_namespace"] = EACCES;
  EXPECT_EQ(error_of_add("c1"), "open_namespace: Permission denied");
  EXPECT_EQ(kernel.asked, Texts{});
  expect_nothing_left();
}

TEST_F(Add, ReleasesTheLeaseAndForgetsTheRecordWhenTheBuildIsRefused) {
  kernel.refusals["build"] = EPERM;
  EXPECT_EQ(error_of_add("c1"), "build: Operation not permitted");
  expect_nothing_left();
}

TEST_F(Add, TakesEverythingBackWhenTheAnswerCannotBeWritten) {
  EXPECT_EQ(error_with([](auto) { throw posix::system_error(EPIPE, "write"); }), "write: Broken pipe");
  expect_nothing_left();
}

TEST_F(Add, RefusesASysctlThatIsNotAllowedBeforeItDoesAnything) {
  config.tuning.sysctls = {{"net.x.y", "net/x/y", "1"}};
  EXPECT_EQ(error_of_add("c1"), R"(7: /sysctl: "net.x.y" is not allowed)");
  EXPECT_EQ(kernel.asked, Texts{});
  expect_nothing_left();
}

TEST_F(Add, TakesTheIfbBackToo) {
  limit_rates();
  EXPECT_EQ(error_with([&](auto) {
              EXPECT_EQ(kernel.ifb_devices.size(), 1U);
              throw posix::system_error(EPIPE, "write");
            }),
            "write: Broken pipe");
  expect_nothing_left();
}

TEST_F(Add, ClearsAnIfbThatIsLeftOfAnAttachmentThatIsGone) {
  limit_rates();
  add("c1");
  kernel.pairs.clear();
  const auto left = kernel.ifb_devices;
  add("c1");
  ASSERT_EQ(kernel.ifb_devices.size(), 1U);
  EXPECT_FALSE(kernel.ifb_devices == left);
}

TEST_F(Add, ClearsAnIfbOfWhichNoRecordTells) {
  limit_rates();
  add("c1");
  kernel.pairs.clear();
  folder.records.forget("net", tag("c1"));
  add("c1");
  EXPECT_EQ(kernel.ifb_devices.size(), 1U);
}

TEST_F(Add, LeavesTheGatewaysThatOthersUse) {
  add("c1");
  kernel.refusals["build"] = EPERM;
  EXPECT_EQ(error_of_add("c2"), "build: Operation not permitted");
  EXPECT_EQ(kernel.host_gateways, (std::vector{ip("fd00::1")}));
}

/// As DEL does: an address whose link still stands still lives.
TEST_F(Add, KeepsTheLeaseOfALinkThatCannotBeTakenBack) {
  kernel.refusals["remove_links"] = EBUSY;
  testing::internal::CaptureStderr();
  EXPECT_EQ(error_with([](auto) { throw posix::system_error(EPIPE, "write"); }), "write: Broken pipe");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "veth: cannot take back a failed ADD: remove_links: Device or resource busy\n");
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Add, TriesTheNextAddressWhereOneIsInUseElsewhere) {
  kernel.elsewhere = {ip("10.1.2.2"), ip("10.1.2.3")};
  expect_addresses(add("c1"), {"10.1.2.4/29", "fd00::4/125"});
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(kernel.pairs.size(), 1U);
}

TEST_F(Add, KeepsNoAddressThatIsInUseElsewhere) {
  kernel.elsewhere = {ip("10.1.2.2")};
  add("c1");
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_EQ(record("c1").addresses, (std::vector{ip("10.1.2.3"), ip("fd00::3")}));
}

TEST_F(Add, GivesUpWhereEveryAddressIsInUseElsewhere) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  kernel.elsewhere = {ip("10.1.2.2"), ip("10.1.2.3")};
  EXPECT_EQ(error_of_add("c1"), "103: the host has a route to 10.1.2.2 already: the address is in use elsewhere");
  EXPECT_EQ(std::ranges::count(kernel.asked, "build"), 3);
  expect_nothing_left();
}

TEST_F(Add, GivesUpAfter16AddressesThatLiveElsewhere) {
  config.ipam.ranges = {{test::range("10.1.2.0/24")}};
  for (int i = 2; i < 100; ++i) kernel.elsewhere.insert(ip("10.1.2." + std::to_string(i)));
  EXPECT_EQ(error_of_add("c1"), "103: the host has a route to 10.1.2.17 already: the address is in use elsewhere");
  expect_nothing_left();
}

TEST_F(Add, RefusesARequestedAddressThatIsInUseElsewhere) {
  config.ipam.ranges = {{test::range("10.1.2.0/29")}};
  config.wishes.addresses = {{.address = ip("10.1.2.5")}};
  kernel.elsewhere = {ip("10.1.2.5")};
  EXPECT_EQ(error_of_add("c1"), "103: the host has a route to 10.1.2.5 already: the address is in use elsewhere");
  EXPECT_EQ(std::ranges::count(kernel.asked, "build"), 1);
  expect_nothing_left();
}

TEST_F(Add, RefusesAFixedAddressThatIsInUseElsewhere) {
  config.ipam = {.type = "veth-ipam"};
  config.ipam.addresses = {{.address = test::prefix("10.1.2.5/24")}};
  kernel.elsewhere = {ip("10.1.2.5")};
  EXPECT_EQ(error_of_add("c1"), "103: the host has a route to 10.1.2.5 already: the address is in use elsewhere");
  expect_nothing_left();
}

TEST_F(Add, ReclaimsAFullPoolAndTriesOnceMore) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  add("c1");
  add("c2");
  kernel.remove_links_of(attachment("c1"));
  expect_addresses(add("c3"), {"10.1.2.2/29"});
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(folder.addresses.holder("net", ip("10.1.2.2")), tag("c3"));
}

TEST_F(Add, FailsWhereEveryAddressOfTheFullPoolIsAlive) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  add("c1");
  add("c2");
  EXPECT_EQ(error_of_add("c3"), "102: no IP addresses available in range set 10.1.2.2-10.1.2.3: 2 are taken");
  EXPECT_TRUE(is_live("c1") && is_live("c2"));
  EXPECT_FALSE(has_record("c3"));
}

/// Its own record, which names a link that does not stand yet, is not remains.
TEST_F(Add, DoesNotReclaimItsOwnAddresses) {
  config.ipam.ranges = {{test::range("10.1.2.0/29", "10.1.2.2", "10.1.2.3")}};
  add("c1");
  kernel.elsewhere = {ip("10.1.2.3")};
  EXPECT_EQ(error_of_add("c2"), "103: the host has a route to 10.1.2.3 already: the address is in use elsewhere");
  EXPECT_EQ(taken(), Texts{"10.1.2.2"});
}

TEST_F(Add, HoldsItsLockUntilAllIsDone) {
  const auto others = state::Folder::open(root, root);
  kernel.before_build = [&] { EXPECT_FALSE(others.locks.try_attachment(tag("c1")).has_value()); };
  verbs::add(request("c1"), kernel, root,
             [&](auto) { EXPECT_FALSE(others.locks.try_attachment(tag("c1")).has_value()); });
  EXPECT_TRUE(others.locks.try_attachment(tag("c1")).has_value());
}

TEST_F(Add, TakesTheMtuOfTheDefaultRouteWhereItIsAuto) {
  kernel.node.default_route_mtu = 9000;
  add("c1");
  EXPECT_EQ(kernel.pairs.back().wiring.mtu, 1500U);
  config.mtu.reset();
  add("c2");
  EXPECT_EQ(kernel.pairs.back().wiring.mtu, 9000U);
}

TEST_F(Add, NeedsAnIpamThatGivesAddresses) {
  config.ipam = {};
  EXPECT_EQ(error_of_add("c1"), "7: the IPAM gave no address, and mode \"ptp\" needs at least one");
  EXPECT_EQ(kernel.asked, Texts{});
  expect_nothing_left();
}

TEST_F(Add, TakesTheAddressesThatADelegateGives) {
  install_delegate(R"(echo '{"cniVersion":"1.1.0","ips":[{"address":"10.7.7.7/24"}]}')");
  expect_addresses(add("c1"), {"10.7.7.7/24"});
  EXPECT_TRUE(is_live("c1"));
  EXPECT_EQ(verbs_of_delegate(), "ADD\n");
}

TEST_F(Add, GivesTheAddressesBackToTheDelegateWhenTheBuildIsRefused) {
  install_delegate(R"([ $CNI_COMMAND = DEL ] || echo '{"cniVersion":"1.1.0","ips":[{"address":"10.7.7.7/24"}]}')");
  kernel.refusals["build"] = EPERM;
  EXPECT_EQ(error_of_add("c1"), "build: Operation not permitted");
  EXPECT_EQ(verbs_of_delegate(), "ADD\nDEL\n");
  expect_nothing_left();
}

}  // namespace
