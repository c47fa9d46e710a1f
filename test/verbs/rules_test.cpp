// How the verbs handle the nftables elements of an attachment.
#include "plugin/attachment/reclaim.hpp"
#include "plugin/verbs/check.hpp"
#include "plugin/verbs/del.hpp"
#include "plugin/verbs/gc.hpp"
#include "test/verbs/network.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

namespace {

using Texts = std::vector<std::string>;

class Rules : public test::NetworkTest {
 protected:
  Rules() {
    config.source_nat.masquerade = true;
    config.requested.port_mappings = {{.host_port = 8080, .container_port = 80}};
  }
  void map(std::uint16_t port) { config.requested.port_mappings = {{.host_port = port, .container_port = 80}}; }

  Texts containers_with_rules() const {
    Texts names;
    for (const auto& wiring : kernel.rules) names.push_back(wiring.attachment.container);
    return names;
  }
  std::string error_of_del(const std::string& container) {
    return test::error_text([&] { verbs::del(request(container), kernel, root); });
  }
  std::string error_of_gc(const std::vector<cni::ValidAttachment>& valid, state::Folder* in) {
    cni::Request gc;
    gc.attachment.network = "net";
    gc.config = config;
    gc.config.valid_attachments = valid;
    return test::error_text([&] { verbs::gc(gc, kernel, in); });
  }
};

TEST_F(Rules, AreAddedByAddAndRemovedByDel) {
  add("c1");
  ASSERT_EQ(containers_with_rules(), Texts{"c1"});
  EXPECT_EQ(kernel.rules.front().masquerades.size(), 2U);
  EXPECT_EQ(kernel.rules.front().host_ports.value().mappings.size(), 2U);
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Rules, LoseTheirChainsWithTheLastDelOfTheNetwork) {
  for (const auto* container : {"c1", "c2"}) {
    map(container == std::string{"c1"} ? 80 : 81);
    add(container);
  }
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_EQ(kernel.cleaned_networks, Texts{});
  leave_killed_add("c3", {"10.1.2.6"});
  EXPECT_EQ(error_of_del("c2"), "");
  EXPECT_EQ(kernel.cleaned_networks, Texts{}) << "an ADD is in progress";
  EXPECT_EQ(error_of_del("c3"), "");
  config.source_nat = {};
  add("c4");
  EXPECT_EQ(error_of_del("c4"), "");
  EXPECT_EQ(kernel.cleaned_networks, Texts{}) << "without ipMasq";
  config.source_nat.masquerade = true;
  kernel.errors["build_after_links"] = EPERM;
  error_of_add("c5");
  EXPECT_EQ(kernel.cleaned_networks, Texts{"net"}) << "a failed ADD";
  kernel.errors.clear();
  add("c6");
  EXPECT_EQ(error_of_del("c6"), "");
  EXPECT_EQ(kernel.cleaned_networks, (Texts{"net", "net"}));
}

/// In either order of the tags. The times of records have the resolution of the kernel's clock tick.
TEST_F(Rules, AreRestoredForThePodThatHasTakenThePortOver) {
  for (const auto& [first, second] : {std::pair{"c1", "c2"}, std::pair{"c2", "c1"}}) {
    for (const auto* container : {first, second}) {
      auto pod = request(container);
      pod.args.pod_namespace = "default";
      pod.args.pod_name = "web-0";
      add(pod);
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    kernel.rules.clear();
    kernel.has_tables = false;
    map(9090);
    add("c3");
    EXPECT_EQ(std::ranges::count(containers_with_rules(), second), 1);
    EXPECT_EQ(std::ranges::count(containers_with_rules(), first), 0);
    map(8080);
    for (const char* container : {"c1", "c2", "c3"}) EXPECT_EQ(error_of_del(container), "");
  }
}

TEST_F(Rules, AreRemovedByDelWithoutTheConfigurationOfTheAdd) {
  add("c1");
  config.source_nat = {};
  config.requested = {};
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Rules, AreRemovedByDelWithoutARecord) {
  add("c1");
  std::filesystem::remove_all(folder.path() + "/net");
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_EQ(containers_with_rules(), Texts{});
}

TEST_F(Rules, AreRemovedByDelIfTheRecordCannotBeRead) {
  add("c1");
  corrupt_record("live", "c1");
  EXPECT_EQ(error_of_del("c1"), "");
  EXPECT_EQ(containers_with_rules(), Texts{});
}

TEST_F(Rules, KeepRecordAndAddressIfTheyCannotBeRemoved) {
  add("c1");
  kernel.errors["remove_rules"] = EPERM;
  EXPECT_EQ(error_of_del("c1"), "100: remove_rules: Operation not permitted");
  EXPECT_FALSE(has_link("c1"));
  EXPECT_TRUE(has_record("c1"));
  kernel.errors.clear();
  EXPECT_EQ(error_of_del("c1"), "");
  expect_nothing_left();
}

TEST_F(Rules, AreRemovedByTheRollbackOfAnAdd) {
  EXPECT_EQ(test::error_text([&] {
              verbs::add(request("c1"), kernel, root, [](auto) {
                throw cni::Error{cni::ErrorCode::io_failure, "no answer"};
              });
            }),
            "5: no answer");
  expect_nothing_left();
}

TEST_F(Rules, RejectAMappedHostPortAndReportItsHolder) {
  add("c1");
  EXPECT_EQ(error_of_add("c2"),
            "106: host port 8080/tcp is mapped to interface \"eth0\" of container \"c1\" of network \"net\"");
  EXPECT_EQ(containers_with_rules(), Texts{"c1"});
  EXPECT_FALSE(has_link("c2") || has_record("c2"));
}

TEST_F(Rules, ReportTheHolderOfAHostPortWithoutARecord) {
  add("c1");
  folder.records.remove("net", tag("c1"));
  EXPECT_EQ(error_of_add("c2"),
            "106: host port 8080/tcp is mapped to interface \"eth0\" of container \"c1\" of network \"net\"");
}

TEST_F(Rules, ReclaimTheHostPortOfAStaleAttachment) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(error_of_add("c2"), "");
  EXPECT_EQ(containers_with_rules(), Texts{"c2"});
  EXPECT_FALSE(has_record("c1"));
}

TEST_F(Rules, ReclaimTheHostPortOfAnAttachmentWithoutRecordAndLink) {
  add("c1");
  kernel.pairs.clear();
  folder.records.remove("net", tag("c1"));
  EXPECT_EQ(error_of_add("c2"), "");
  EXPECT_EQ(containers_with_rules(), Texts{"c2"});
}

using RulesOfOtherAttachments = Rules;

TEST_F(RulesOfOtherAttachments, AreRestoredIfTheTablesAreMissing) {
  for (std::uint16_t port = 1; port <= 3; ++port) {
    map(port);
    add("c" + std::to_string(port));
  }
  kernel.remove_links_of(attachment("c2"));
  kernel.rules.clear();
  kernel.has_tables = false;
  map(4);
  add("c4");
  auto containers = containers_with_rules();
  std::ranges::sort(containers);
  EXPECT_EQ(containers, (Texts{"c1", "c3", "c4"})) << "c2 has no interface";
}

TEST_F(RulesOfOtherAttachments, AreNotRestoredIfTheTablesExist) {
  add("c1");
  map(81);
  kernel.calls.clear();
  add("c2");
  EXPECT_EQ(std::ranges::count(kernel.calls, "restore_rules"), 1);
}

TEST_F(Rules, OfAStaleAttachmentAreReclaimedWithIt) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(attachment::reclaim("net", kernel, folder).size(), 1U);
  expect_nothing_left();
}

TEST_F(Rules, OfStaleAttachmentsAreRemovedByGc) {
  add("c1");
  map(81);
  add("c2");
  EXPECT_EQ(error_of_gc({{"c2", "eth0"}}, &folder), "");
  EXPECT_EQ(containers_with_rules(), Texts{"c2"});
  EXPECT_EQ(std::ranges::count(kernel.calls, "clean_rules"), 0);
}

TEST_F(Rules, AreRemovedByGcWithoutLinkRecordAndFolder) {
  add("c1");
  kernel.pairs.clear();
  EXPECT_EQ(error_of_gc({}, nullptr), "");
  EXPECT_EQ(containers_with_rules(), Texts{});
  EXPECT_EQ(std::ranges::count(kernel.calls, "clean_rules"), 1);
}

TEST_F(Rules, OfAnAttachmentInFlightAreKeptByGc) {
  add("c1");
  const auto others = state::Folder::open(root, root);
  const auto lock = others.locks.attachment(attachment("c1"));
  EXPECT_EQ(error_of_gc({}, &folder), "11: another call holds the lock of a stale attachment");
  EXPECT_EQ(containers_with_rules(), Texts{"c1"});
  EXPECT_EQ(std::ranges::count(kernel.calls, "clean_rules"), 0);
}

TEST_F(Rules, OfAnAttachmentThatWasAddedMeanwhileAreKeptByGc) {
  add("c1");
  map(81);
  kernel.before_list = [this] { add("c2"); };
  EXPECT_EQ(error_of_gc({{"c1", "eth0"}}, &folder), "");
  EXPECT_EQ(containers_with_rules(), (Texts{"c1", "c2"}));
  EXPECT_TRUE(has_record("c2"));
}

TEST_F(RulesOfOtherAttachments, AreRestoredAgainIfOneWasSkipped) {
  add("c1");
  kernel.rules.clear();
  kernel.has_tables = false;
  {
    const auto others = state::Folder::open(root, root);
    const auto lock = others.locks.attachment(attachment("c1"));
    map(81);
    add("c2");
    EXPECT_EQ(containers_with_rules(), Texts{"c2"});
  }
  map(82);
  add("c3");
  auto containers = containers_with_rules();
  std::ranges::sort(containers);
  EXPECT_EQ(containers, (Texts{"c1", "c2", "c3"}));
}

TEST_F(Rules, DoNotPreventTheRemovalOfTheLinkInARollback) {
  kernel.errors["remove_rules"] = EPERM;
  testing::internal::CaptureStderr();
  EXPECT_NE(test::error_text([&] {
              verbs::add(request("c1"), kernel, root, [](auto) {
                throw cni::Error{cni::ErrorCode::io_failure, "no answer"};
              });
            }),
            "");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("remove_rules"), std::string::npos);
  EXPECT_FALSE(has_link("c1"));
  EXPECT_TRUE(has_record("c1"));
}

TEST_F(Rules, AreReportedByCheckIfTheyAreMissing) {
  const auto printed = add("c1");
  kernel.modify_observed = [](wiring::Observed& observed) { observed.missing_rules = {"masquerading of 10.1.2.2"}; };
  try {
    verbs::check(with_result("c1", printed), kernel, &folder);
    FAIL() << "no difference";
  } catch (const cni::Error& error) {
    EXPECT_EQ(error.details, "masquerading of 10.1.2.2 is missing");
  }
}

TEST_F(Rules, NeedHairpinModeIfBridgedPacketsPassNetfilter) {
  config.mode = cni::Mode::bridge;
  add("c1");
  EXPECT_FALSE(kernel.pairs.back().wiring.bridge.value().hairpin);
  kernel.node.filters_bridged_packets = true;
  map(81);
  add("c2");
  EXPECT_TRUE(kernel.pairs.back().wiring.bridge.value().hairpin);
}

}  // namespace
