#include "plugin/kernel/identity.hpp"

#include "plugin/cni/attachment.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

const cni::Attachment own{"net", "c1", "eth0"};
const cni::Tag own_tag = cni::tag_of(own);

wiring::Footprint recorded() {
  return {.attachment = own,
          .tag = own_tag,
          .host = {.name = cni::host_interface_name(own_tag), .index = 10, .mac = cni::host_mac(own_tag)},
          .container = {.name = "eth0", .index = 2, .mac = cni::container_mac(own_tag)}};
}

/// The host end as ADD created it.
kernel::Link host_end() {
  return {.index = 10,
          .peer_index = 2,
          .name = cni::host_interface_name(own_tag),
          .alias = cni::alias_of(own),
          .mac = cni::host_mac(own_tag),
          .kind = "veth"};
}

/// A change by an administrator, udev or a workload.
struct Change {
  const char* what;
  void (*make)(kernel::Link&);
  bool is_end;  ///< whether the changed link is still recognized as the host end
};

const std::vector<Change> changes{
    {"nothing", [](kernel::Link&) {}, true},
    {"alias", [](kernel::Link& link) { link.alias = "rack 7"; }, true},
    {"name", [](kernel::Link& link) { link.name = "lan0"; }, true},
    {"MAC", [](kernel::Link& link) { link.mac = {}; }, true},
    {"name and alias", [](kernel::Link& link) { link.name = "lan0", link.alias = ""; }, true},
    {"name and MAC", [](kernel::Link& link) { link.name = "lan0", link.mac = {}; }, true},
    {"alias and MAC: index and peer remain", [](kernel::Link& link) { link.alias = "", link.mac = {}; }, true},
    {"all three: index and peer remain", [](kernel::Link& link) { link.name = "x", link.alias = "", link.mac = {}; },
     true},
    {"index", [](kernel::Link& link) { link.index = 99; }, true},
    {"index and alias", [](kernel::Link& link) { link.index = 99, link.alias = ""; }, true},
    {"index, alias and name", [](kernel::Link& link) { link.index = 99, link.alias = "", link.name = "x"; }, false},
    {"index, alias and MAC", [](kernel::Link& link) { link.index = 99, link.alias = "", link.mac = {}; }, false},
    {"alias, name, MAC and peer",
     [](kernel::Link& link) { link.alias = "", link.name = "x", link.mac = {}, link.peer_index = 3; }, false},
    {"kind", [](kernel::Link& link) { link.kind = "dummy"; }, false},
};

TEST(Identity, OfTheHostEndMatchesEachCombinationOfItsProperties) {
  for (const auto& change : changes) {
    auto link = host_end();
    change.make(link);
    EXPECT_EQ(kernel::is_host_end(link, recorded()), change.is_end) << "changed: " << change.what;
  }
}

/// Another plugin has created the pair: neither its MAC nor its alias is known.
TEST(Identity, OfAForeignPairNeedsTheRecordedIfindex) {
  auto footprint = recorded();
  footprint.is_foreign_pair = true;
  kernel::Link host{.index = 10, .peer_index = 2, .name = "veth1", .alias = "", .mac = {}, .kind = "veth"};
  EXPECT_TRUE(kernel::is_host_end(host, footprint)) << "the ifindexes of both ends";
  host.peer_index = 3;
  EXPECT_FALSE(kernel::is_host_end(host, footprint));
  kernel::Link container{.index = 2, .name = "eth0", .alias = "", .mac = {}, .kind = "macvlan"};
  EXPECT_TRUE(kernel::is_container_end(container, footprint)) << "any kind";
  container.name = "net1";
  EXPECT_FALSE(kernel::is_container_end(container, footprint));
}

TEST(Identity, WithoutRecordedIfindexMatchesByNameAndMacOrByAlias) {
  auto footprint = recorded();
  footprint.host.index = footprint.container.index = 0;
  EXPECT_TRUE(kernel::is_host_end(host_end(), footprint));
  auto renamed = host_end();
  renamed.name = "lan0";
  EXPECT_TRUE(kernel::is_host_end(renamed, footprint));
  renamed.alias = "";
  EXPECT_FALSE(kernel::is_host_end(renamed, footprint));
}

TEST(Identity, OfAnotherAttachmentDoesNotMatch) {
  auto link = host_end();
  link.alias = cni::alias_of({"net", "c2", "eth0"});
  link.name = cni::host_interface_name(cni::tag_of({"net", "c2", "eth0"}));
  link.index = 11;
  link.mac = cni::host_mac(cni::tag_of({"net", "c2", "eth0"}));
  EXPECT_FALSE(kernel::is_host_end(link, recorded()));
}

TEST(Identity, IsProvenByTheTagOfAShortenedAlias) {
  const cni::Attachment longest{std::string(200, 'n'), std::string(64, 'c'), "eth0"};
  const wiring::Footprint footprint{.attachment = longest, .tag = cni::tag_of(longest)};
  const kernel::Link link{.index = 5, .name = "x", .alias = cni::alias_of(longest), .mac = {}, .kind = "veth"};
  EXPECT_TRUE(kernel::is_host_end(link, footprint));
}

TEST(Identity, OfAnImportedEndMatchesByIfindexAndNameOrPeer) {
  const wiring::Footprint imported{
      .tag = own_tag, .host = {.name = "vethabc", .index = 77}, .container = {.index = 2}, .is_imported = true};
  const kernel::Link link{.index = 77, .peer_index = 2, .name = "vethabc", .alias = "", .mac = {}, .kind = "veth"};
  EXPECT_TRUE(kernel::is_host_end(link, imported));
  auto changed = link;
  changed.alias = "rack 7";
  EXPECT_TRUE(kernel::is_host_end(changed, imported));
  changed.name = "lan0";
  EXPECT_TRUE(kernel::is_host_end(changed, imported));
  changed.peer_index = 3;
  EXPECT_FALSE(kernel::is_host_end(changed, imported)) << "name and peer differ";
  changed = link;
  changed.index = 78;
  EXPECT_FALSE(kernel::is_host_end(changed, imported)) << "the index differs";
}

TEST(Identity, OfADecoyIsNotProvenByIndexAndPeer) {
  const auto footprint = recorded();
  auto decoy = host_end();
  decoy.index = 40;
  decoy.peer_index = 41;
  EXPECT_TRUE(kernel::matches_both_ifindexes(host_end(), footprint.host, footprint.container));
  EXPECT_FALSE(kernel::matches_both_ifindexes(decoy, footprint.host, footprint.container));
}

TEST(Identity, OfAnIfbMatchesByAliasOrByNameAndMac) {
  const kernel::Link ifb{.index = 8,
                         .name = cni::ifb_name(own_tag),
                         .alias = cni::alias_of(own),
                         .mac = cni::ifb_mac(own_tag),
                         .kind = "ifb"};
  EXPECT_TRUE(kernel::is_ifb(ifb, recorded()));
  auto changed = ifb;
  changed.alias = "";
  EXPECT_TRUE(kernel::is_ifb(changed, recorded()));
  changed.name = "x";
  EXPECT_FALSE(kernel::is_ifb(changed, recorded()));
  changed = ifb;
  changed.kind = "veth";
  EXPECT_FALSE(kernel::is_ifb(changed, recorded()));
}

}  // namespace
