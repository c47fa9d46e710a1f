#include "plugin/vethctl/restore/recover.hpp"
#include "test/verbs/network.hpp"

#include <cerrno>

namespace {

using Sentences = std::vector<std::string>;

/// An attachment that stands and has lost its record and its addresses.
class Recover : public test::VerbsOfNetwork {
 protected:
  Recover() {
    add("c1");
    before = record("c1");
    const auto& made = *kernel.find_link(attachment("c1"));
    link = {made.index, made.name, made.alias};
    for (const auto& address : before.addresses) folder.addresses.release("net", address, tag("c1"));
    folder.records.forget("net", tag("c1"));
    inspector.locations[link.name] = {.other_end = {"/run/netns/c1", "eth0"}};
    inspector.interfaces["lo"].addresses = {test::prefix("fd00::1/128")};
  }
  restore::Recovery recover(bool is_dry_run = false) {
    return restore::recover({link}, inspector, {config}, is_dry_run ? nullptr : &folder).at(0);
  }

  state::Record before;
  kernel::HostLink link;
};

TEST_F(Recover, WritesARecordAndTakesTheAddressesAgain) {
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
  spoil_record("live", "c1");
  EXPECT_TRUE(recover().record.has_value());
  EXPECT_EQ(record("c1").addresses, before.addresses);
}

TEST_F(Recover, WritesWhatStandsInNftables) {
  wiring::Wiring ruled{.attachment = attachment("c1")};
  ruled.masquerades = {{.source = test::ip("10.1.2.2"), .except = {test::prefix("10.1.2.0/29")}}};
  kernel.rules = {ruled};
  recover();
  EXPECT_EQ(wiring::find_wiring(record("c1").wiring).value().masquerades, ruled.masquerades);
}

/// What `vethctl connect` made: a cable to the host is recorded as one, and its port of a bridge as a port.
TEST_F(Recover, TakesNoCableForARoutedAttachment) {
  const cni::Attachment cable{"vethctl", "net0", "eth0"};
  const auto made = kernel.put({.attachment = cable, .container = {.name = "eth0"}, .host = {.name = "cable0"}});
  link = {made.index, made.name, made.alias};
  for (const auto* bridge : {"", "br0"}) {
    inspector.locations[link.name] = {.other_end = {"/run/netns/net0", "eth0"}, .bridge = bridge};
    const auto written = recover(true).record.value();
    const auto laid = wiring::find_wiring(written.wiring).value();
    EXPECT_EQ(wiring::mode_of(laid), *bridge == '\0' ? "netns" : "bridge");
    EXPECT_EQ(laid.peer_netns, *bridge == '\0' ? "/proc/self/ns/net" : "");
    EXPECT_EQ(written.host_interface.has_value(), *bridge != '\0');
    EXPECT_FALSE(laid.forward_ipv4 || laid.forward_ipv6);
  }
}

TEST_F(Recover, LeavesARecordThatIsThere) {
  recover();
  EXPECT_EQ(recover().reason, "it has a record by now");
}

TEST_F(Recover, TakesNoAddressOfAnother) {
  add("c2");
  folder.addresses.take("net", test::ip("10.1.2.2"), tag("c2"));
  EXPECT_EQ(recover().reason, "10.1.2.2 is held by container \"c2\", interface \"eth0\"");
  EXPECT_FALSE(has_record("c1"));
  EXPECT_EQ(taken(), (Sentences{"10.1.2.2", "10.1.2.3", "fd00::3"}));
}

TEST_F(Recover, NeedsTheOtherEnd) {
  inspector.locations.clear();
  EXPECT_EQ(recover().reason, "its other end is in no namespace of /run/netns or of a process");
  inspector.locations[link.name] = {.other_end = {"/run/netns/c1", "eth0"}};
  kernel.disturb = [](wiring::Observed& observed) { observed.is_pair = false; };
  EXPECT_EQ(recover().reason, "its two ends are not proven to be one pair");
  kernel.refusals["observe"] = EPERM;
  EXPECT_EQ(recover().reason, "observe: Operation not permitted");
}

TEST_F(Recover, NeedsAWholeAlias) {
  const std::string long_name(200, 'n');
  link.alias = cni::alias_of({long_name, std::string(64, 'c'), "eth0"});
  EXPECT_EQ(recover().reason, "its alias is shortened, and nothing else names the container");
}

TEST_F(Recover, LeavesAnAttachmentToTheCallThatIsAtWorkOnIt) {
  const auto another = state::Folder::open(root, root);
  const auto lock = another.locks.attachment(attachment("c1"));
  EXPECT_EQ(recover().reason, "a call of the plugin is at work on it");
}

}  // namespace
