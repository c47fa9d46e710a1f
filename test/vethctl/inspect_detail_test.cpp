#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "test/vethctl/recorded_node.hpp"

#include <cerrno>

namespace {

using test::wanted;

class LookClosely : public test::RecordedNode {
 protected:
  inspect::Detail look() {
    const auto attachments = inspect::read_attachments(inspector, folders);
    return inspect::look_closely(inspector, folders, attachments.at(0));
  }
};

TEST_F(LookClosely, FindsNoDifferenceWhereAllIsWell) {
  attach(wanted("c1"));
  const auto detail = look();
  EXPECT_TRUE(detail.wanted == wanted("c1"));
  ASSERT_TRUE(detail.observed.container && detail.observed.host);
  EXPECT_TRUE(detail.differences.empty());
}

TEST_F(LookClosely, NamesTheDifferences) {
  attach(wanted("c1"));
  kernel.disturb = [](wiring::Observed& observed) { observed.container->is_up = false; };
  EXPECT_EQ(look().differences,
            (std::vector<wiring::Difference>{{wiring::Kind::down, wiring::Side::container, "eth0"}}));
}

TEST_F(LookClosely, CountsAtBothEnds) {
  attach(wanted("c1"));
  const kernel::Counters inside{.received = {.packets = 3, .bytes = 300}};
  const kernel::Counters outside{.sent = {.packets = 3, .bytes = 300}};
  inspector.counters["/run/netns/c1 eth0"] = inside;
  inspector.counters["/proc/self/ns/net " + wanted("c1").host.name] = outside;
  const auto detail = look();
  EXPECT_TRUE(detail.container == inside);
  EXPECT_TRUE(detail.host == outside);
}

TEST_F(LookClosely, CountsTheSecondNamespaceOfACable) {
  auto wiring = wanted("red");
  wiring.peer_netns = "/run/netns/blue";
  wiring.host.name = "eth1";
  record(wiring);
  const kernel::Counters there{.sent = {.packets = 1, .bytes = 60}};
  inspector.counters["/run/netns/blue eth1"] = there;
  EXPECT_TRUE(look().host == there);
}

TEST_F(LookClosely, TakesANamespaceThatIsGoneForADifference) {
  attach(wanted("c1"));
  kernel.refusals["open_namespace"] = ENOENT;
  const auto detail = look();
  EXPECT_FALSE(detail.observed.container.has_value());
  ASSERT_FALSE(detail.differences.empty());
  EXPECT_EQ(detail.differences[0].kind, wiring::Kind::network_namespace);
}

TEST_F(LookClosely, HasNothingToCompareWithoutARecord) {
  kernel.put(wanted("c1"));
  inspector.interfaces[wanted("c1").host.name] = {.index = 10};
  const auto detail = look();
  EXPECT_FALSE(detail.wanted.has_value());
  EXPECT_TRUE(detail.observed.host.has_value());
  EXPECT_TRUE(detail.differences.empty());
}

}  // namespace
