#include "plugin/vethctl/restore/recover.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

using Sentences = std::vector<std::string>;

/// An existing attachment without its record and its leases.
class Recover : public test::NetworkTest {
 protected:
  Recover() {
    add("c1");
    before = record("c1");
    const auto& made = *kernel.find_link(attachment("c1"));
    link = {made.index, made.name, made.alias};
    for (const auto& address : before.addresses) folder.addresses.release("net", address, tag("c1"));
    folder.records.remove("net", tag("c1"));
    inspector.locations[link.name] = {.other_end = {"/run/netns/c1", "eth0"}};
    inspector.interfaces["lo"].addresses = {test::prefix("fd00::1/128")};
  }
  restore::Recovery recover(bool is_dry_run = false) {
    return restore::recover({link}, inspector, {config}, {.folder = &folder, .is_dry_run = is_dry_run}).at(0);
  }

  state::Record before;
  kernel::HostLink link;
};

TEST_F(Recover, WritesARecordAndRestoresTheLeases) {
  EXPECT_TRUE(recover().record.has_value());
  EXPECT_TRUE(is_live("c1"));
  const auto written = record("c1");
  EXPECT_EQ(written.netns, before.netns);
  EXPECT_EQ(written.addresses, before.addresses);
  EXPECT_EQ(written.ends.host, link.index);
  EXPECT_EQ(taken(), (Sentences{"10.1.2.2", "fd00::2"}));
  EXPECT_EQ(wiring::find_wiring(written.wiring)->host_gateways, wiring::find_wiring(before.wiring)->host_gateways);
}

TEST_F(Recover, WritesNothingInADryRun) {
  EXPECT_EQ(recover(true).record->addresses, before.addresses);
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), Sentences{});
}

TEST_F(Recover, ReplacesARecordThatCannotBeRead) {
  recover();
  corrupt_record("live", "c1");
  EXPECT_TRUE(recover().record.has_value());
  EXPECT_EQ(record("c1").addresses, before.addresses);
}

TEST_F(Recover, RestoresTheRulesOfNftables) {
  wiring::Wiring ruled{.attachment = attachment("c1")};
  ruled.masquerades = {{.source = test::ip("10.1.2.2"), .except = {test::prefix("10.1.2.0/29")}}};
  kernel.rules = {ruled};
  recover();
  EXPECT_EQ(wiring::find_wiring(record("c1").wiring).value().masquerades, ruled.masquerades);
}

/// Connections of `vethctl connect` to the host and to a bridge.
TEST_F(Recover, RestoresTheModeOfAConnection) {
  const cni::Attachment cable{"vethctl", "net0", "eth0"};
  const auto made = kernel.put({.attachment = cable,
                                .container = {.name = "eth0", .addresses = {{test::prefix("192.168.10.1/24")}}},
                                .host = {.name = "cable0"}});
  link = {made.index, made.name, made.alias};
  for (const auto* bridge : {"", "br0"}) {
    inspector.locations[link.name] = {.other_end = {"/run/netns/net0", "eth0"}, .bridge = bridge};
    const auto written = recover(true).record.value();
    const auto laid = wiring::find_wiring(written.wiring).value();
    EXPECT_EQ(wiring::mode_of(laid), *bridge == '\0' ? "netns" : "bridge");
    EXPECT_EQ(laid.peer_netns, *bridge == '\0' ? "/proc/self/ns/net" : "");
    EXPECT_EQ(written.host_interface.has_value(), *bridge != '\0');
    EXPECT_TRUE(written.addresses.empty()) << "a pair reserves no addresses";
    EXPECT_FALSE(laid.forward_ipv4 || laid.forward_ipv6);
  }
}

TEST_F(Recover, LeavesAnExistingRecord) {
  recover();
  EXPECT_EQ(recover().reason, "it has a record now");
}

TEST_F(Recover, DoesNotTakeAnAddressFromAnotherHolder) {
  add("c2");
  folder.addresses.take("net", test::ip("10.1.2.2"), tag("c2"));
  EXPECT_EQ(recover().reason, "10.1.2.2 is held by container \"c2\", interface \"eth0\"");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), (Sentences{"10.1.2.2", "10.1.2.3", "fd00::3"}));
}

TEST_F(Recover, NeedsTheOtherEnd) {
  inspector.locations.clear();
  EXPECT_EQ(recover().reason, "the namespace of its other end was not found in /run/netns or /proc");
  inspector.locations[link.name] = {.other_end = {"/run/netns/c1", "eth0"}};
  kernel.modify_observed = [](wiring::Observed& observed) { observed.is_pair = false; };
  EXPECT_EQ(recover().reason, "the two ends are not one veth pair");
  kernel.errors["observe"] = EPERM;
  EXPECT_EQ(recover().reason, "observe: Operation not permitted");
}

TEST_F(Recover, NeedsAnAliasThatIsNotShortened) {
  const std::string long_name(200, 'n');
  link.alias = cni::alias_of({long_name, std::string(64, 'c'), "eth0"});
  EXPECT_EQ(recover().reason, "its alias is shortened and does not contain the whole container ID");
}

TEST_F(Recover, SkipsALockedAttachment) {
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment(attachment("c1"));
  EXPECT_EQ(recover().reason, "it is locked by a call of the plugin");
}

}  // namespace
