#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <cerrno>

namespace {

using test::wanted;

class ReadDetail : public test::RecordedNode {
 protected:
  inspect::Detail read() {
    const auto attachments = inspect::read_attachments(inspector, folders);
    return inspect::read_detail(inspector, folders, attachments.at(0));
  }
};

TEST_F(ReadDetail, FindsNoDifferenceIfNothingIsMissing) {
  attach(wanted("c1"));
  const auto detail = read();
  EXPECT_TRUE(detail.wanted == wanted("c1"));
  ASSERT_TRUE(detail.observed.container && detail.observed.host);
  EXPECT_TRUE(detail.differences.empty());
}

TEST_F(ReadDetail, FindsTheDifferences) {
  attach(wanted("c1"));
  kernel.modify_observed = [](wiring::Observed& observed) { observed.container->is_up = false; };
  EXPECT_EQ(read().differences,
            (std::vector<wiring::Difference>{{wiring::Kind::down, wiring::Side::container, "eth0"}}));
}

TEST_F(ReadDetail, ReadsTheCountersOfBothEnds) {
  attach(wanted("c1"));
  const kernel::Counters inside{.received = {.packets = 3, .bytes = 300}};
  const kernel::Counters outside{.sent = {.packets = 3, .bytes = 300}};
  inspector.counters["/run/netns/c1 eth0"] = inside;
  inspector.counters["/proc/self/ns/net " + wanted("c1").host.name] = outside;
  const auto detail = read();
  EXPECT_TRUE(detail.container == inside);
  EXPECT_TRUE(detail.host == outside);
}

TEST_F(ReadDetail, ReadsTheCountersInTheSecondNamespace) {
  auto wiring = wanted("red");
  wiring.peer_netns = "/run/netns/blue";
  wiring.host.name = "eth1";
  record(wiring);
  const kernel::Counters there{.sent = {.packets = 1, .bytes = 60}};
  inspector.counters["/run/netns/blue eth1"] = there;
  EXPECT_TRUE(read().host == there);
}

TEST_F(ReadDetail, ReportsAMissingNamespaceAsADifference) {
  attach(wanted("c1"));
  kernel.errors["open_namespace"] = ENOENT;
  const auto detail = read();
  EXPECT_FALSE(detail.observed.container.has_value());
  ASSERT_FALSE(detail.differences.empty());
  EXPECT_EQ(detail.differences[0].kind, wiring::Kind::network_namespace);
}

TEST_F(ReadDetail, HasNoDifferencesWithoutARecord) {
  kernel.put(wanted("c1"));
  inspector.interfaces[wanted("c1").host.name] = {.index = 10};
  const auto detail = read();
  EXPECT_FALSE(detail.wanted.has_value());
  EXPECT_TRUE(detail.observed.host.has_value());
  EXPECT_TRUE(detail.differences.empty());
}

}  // namespace
