#include "plugin/verbs/gc.hpp"

#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>

namespace {

using test::ip;
using Texts = std::vector<std::string>;

class Gc : public test::NetworkTest {
 protected:
  cni::Request gc_request() const {
    cni::Request gc;
    gc.attachment.network = "net";
    gc.plugin_path = {directory.path()};
    gc.config = config;
    return gc;
  }
  /// The error of a GC whose valid attachments are "eth0" of these containers.
  std::string error_of_gc(const Texts& valid) {
    auto& attachments = config.valid_attachments.emplace();
    for (const auto& container : valid) attachments.push_back({container, "eth0"});
    return run(&folder);
  }
  std::string run(state::Folder* in) {
    return test::error_text([&] { verbs::gc(gc_request(), kernel, in); });
  }
};

TEST_F(Gc, RemovesAttachmentsThatAreNotValid) {
  add("c1");
  add("c2");
  EXPECT_EQ(error_of_gc({"c2"}), "");
  EXPECT_FALSE(has_link("c1") || has_record("c1"));
  EXPECT_TRUE(has_link("c2") && is_live("c2"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
  EXPECT_EQ(kernel.host_gateways, (std::vector{ip("fd00::1")}));
}

TEST_F(Gc, RemovesAllAttachmentsIfNoneIsValid) {
  add("c1");
  add("c2");
  EXPECT_EQ(error_of_gc({}), "");
  expect_nothing_left();
}

TEST_F(Gc, RemovesImportedLinks) {
  import_attachment("c1", "10.1.2.2", "veth12345678");
  EXPECT_EQ(error_of_gc({}), "");
  expect_nothing_left();
}

TEST_F(Gc, RemovesManyLinksAtOnce) {
  add("c1");
  add("c2");
  error_of_gc({});
  EXPECT_EQ(std::ranges::count(kernel.calls, "remove"), 2) << "one for the links of both, one for the gateway";
}

TEST_F(Gc, ChangesNothingWithoutAList) {
  add("c1");
  kernel.calls.clear();
  EXPECT_EQ(run(&folder), "");
  EXPECT_EQ(kernel.calls, Texts{});
  EXPECT_TRUE(has_link("c1") && is_live("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Gc, KeepsAnAttachmentInFlight) {
  add("c1");
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.try_attachment(tag("c1"));
  ASSERT_TRUE(lock.has_value());
  EXPECT_EQ(error_of_gc({}), "11: another call holds the lock of a stale attachment");
  EXPECT_TRUE(has_link("c1") && is_live("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
  EXPECT_EQ(kernel.host_gateways, (std::vector{ip("fd00::1")}));
}

TEST_F(Gc, KeepsAnAttachmentThatWasAddedMeanwhile) {
  add("c1");
  kernel.before_list = [&] {
    if (!has_record("c2")) add("c2");
  };
  EXPECT_EQ(error_of_gc({}), "");
  EXPECT_FALSE(has_link("c1") || has_record("c1"));
  EXPECT_TRUE(has_link("c2") && is_live("c2"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.3", "fd00::3"}));
}

TEST_F(Gc, KeepsOtherNetworks) {
  auto other = request("c1");
  other.attachment.network = other.config.name = "net2";
  add(other);
  EXPECT_EQ(error_of_gc({}), "");
  EXPECT_EQ(kernel.pairs.size(), 1U);
  EXPECT_TRUE(folder.records.has_any("net2"));
}

TEST_F(Gc, RemovesLinksWithoutARecord) {
  add("c1");
  folder.records.remove("net", tag("c1"));
  EXPECT_EQ(error_of_gc({}), "");
  EXPECT_TRUE(kernel.pairs.empty());
  EXPECT_EQ(taken(), Texts{});
}

TEST_F(Gc, RemovesIfbsOfStaleAttachmentsOnly) {
  limit_rates();
  for (const char* container : {"c1", "c2", "c3"}) add(container);
  std::erase_if(kernel.pairs, [&](const auto& pair) { return pair.link.alias != cni::alias_of(attachment("c2")); });
  folder.records.remove("net", tag("c3"));
  EXPECT_EQ(error_of_gc({"c2"}), "");
  ASSERT_EQ(kernel.ifb_devices.size(), 1U);
  EXPECT_EQ(kernel.ifb_devices.front().alias, cni::alias_of(attachment("c2")));
  EXPECT_EQ(error_of_gc({}), "");
  expect_nothing_left();
}

TEST_F(Gc, KeepsTheLeasesOfIfbsThatCannotBeRemoved) {
  limit_rates();
  add("c1");
  kernel.pairs.clear();
  kernel.errors["remove_links"] = EBUSY;
  EXPECT_EQ(error_of_gc({}), "100: remove_links: Device or resource busy");
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Gc, RemovesLinksOfAnyName) {
  for (const char* interface : {"eth0", "a#b", "e-th.0_1@x"}) {
    auto odd = request("c1");
    odd.attachment.interface = interface;
    add(odd);
    folder.records.remove("net", cni::tag_of(odd.attachment));
    EXPECT_EQ(error_of_gc({}), "") << interface;
    EXPECT_TRUE(kernel.pairs.empty()) << interface;
    kernel.pairs.clear();
  }
}

TEST_F(Gc, RemovesRecordsWithoutALink) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(error_of_gc({}), "");
  expect_nothing_left();
}

TEST_F(Gc, RemovesAnAttachmentWithAnUnreadableRecord) {
  add("c1");
  corrupt_record("live", "c1");
  EXPECT_EQ(error_of_gc({}), "");
  EXPECT_TRUE(kernel.pairs.empty());
  EXPECT_EQ(taken(), Texts{});
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(Gc, RemovesManyAttachmentsWithUnreadableRecords) {
  config.ipam.ranges = {{test::range("10.1.0.0/16")}};
  constexpr int many = 250;  // more than one batch
  for (int number = 0; number < many; ++number) {
    const auto name = "c" + std::to_string(number);
    add(name);
    corrupt_record("live", name);
  }
  EXPECT_EQ(error_of_gc({}), "");
  EXPECT_TRUE(kernel.pairs.empty());
  EXPECT_EQ(taken(), Texts{});
  EXPECT_FALSE(folder.records.has_any("net"));
}

TEST_F(Gc, RemovesTheAttachmentOfAKilledAdd) {
  wiring::Wiring wiring;
  wiring.host_gateways = {ip("fd00::1")};
  leave_killed_add("c1", {"10.1.2.2"}, wiring);
  kernel.host_gateways = wiring.host_gateways;
  EXPECT_EQ(error_of_gc({}), "");
  expect_nothing_left();
}

TEST_F(Gc, RemovesLinksWithoutAStateFolder) {
  add("c1");
  add("c2");
  config.valid_attachments.emplace().push_back({.container = "c2", .interface = "eth0"});
  EXPECT_EQ(run(nullptr), "");
  EXPECT_FALSE(has_link("c1"));
  EXPECT_TRUE(has_link("c2"));
}

/// As in DEL: the addresses may still be in use.
TEST_F(Gc, KeepsTheLeasesOfLinksThatCannotBeRemoved) {
  add("c1");
  kernel.errors["remove_links"] = EBUSY;
  EXPECT_EQ(error_of_gc({}), "100: remove_links: Device or resource busy");
  EXPECT_TRUE(has_record("c1"));
  EXPECT_EQ(taken(), (Texts{"10.1.2.2", "fd00::2"}));
}

TEST_F(Gc, RemovesRecordedAttachmentsIfLinksCannotBeListed) {
  add("c1");
  kernel.errors["list"] = EPERM;
  EXPECT_NE(error_of_gc({}).find("list: Operation not permitted"), std::string::npos);
  expect_nothing_left();
}

TEST_F(Gc, CallsADelegateWithAndWithoutAList) {
  install_delegate("exit 0");
  EXPECT_EQ(error_of_gc({}), "");
  config.valid_attachments.reset();
  EXPECT_EQ(run(&folder), "");
  EXPECT_EQ(verbs_of_delegate(), "GC\nGC\n");
}

TEST_F(Gc, ReportsAFailingDelegateAfterAllOtherSteps) {
  add("c1");
  install_delegate(R"(echo '{"code": 4711, "msg": "the delegate is ill"}'; exit 1)");
  EXPECT_EQ(error_of_gc({}), "4711: the delegate is ill");
  expect_nothing_left();
}

}  // namespace
