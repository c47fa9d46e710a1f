#include "plugin/vethctl/report/prometheus.hpp"
#include "test/vethctl/nodes.hpp"

#include <gtest/gtest.h>

namespace {

using test::contains;

TEST(Prometheus, HasHelpAndTypeOfEachMetric) {
  const auto text = report::prometheus({});
  for (const char* name :
       {"veth_cni_attachments", "veth_cni_leases_used", "veth_cni_leases_free", "veth_cni_oldest_stale_seconds"}) {
    EXPECT_TRUE(contains(text, "# HELP " + std::string{name} + ' ')) << text;
    EXPECT_TRUE(contains(text, "# TYPE " + std::string{name} + " gauge\n")) << text;
  }
  EXPECT_TRUE(contains(text, "\nveth_cni_oldest_stale_seconds 0\n")) << text;
}

TEST(Prometheus, ContainsEachStateOfANetwork) {
  report::Metrics metrics{.networks = {"net"}};
  metrics.attachments[{"net", inspect::State::live}] = 3;
  const auto text = report::prometheus(metrics);
  EXPECT_TRUE(contains(text, "veth_cni_attachments{network=\"net\",state=\"live\"} 3\n")) << text;
  EXPECT_TRUE(contains(text, "veth_cni_attachments{network=\"net\",state=\"in flight\"} 0\n")) << text;
}

TEST(Prometheus, WritesLargeNumbersAsFloats) {
  report::Metrics metrics;
  metrics.ranges[{"net", "a"}] = {.used = 2, .free = 252};
  metrics.ranges[{"net", "b"}] = {.free = cni::AddressBits{1} << 64U};
  const auto text = report::prometheus(metrics);
  EXPECT_TRUE(contains(text, "veth_cni_leases_used{network=\"net\",range=\"a\"} 2\n")) << text;
  EXPECT_TRUE(contains(text, "veth_cni_leases_free{network=\"net\",range=\"a\"} 252\n")) << text;
  EXPECT_TRUE(contains(text, "veth_cni_leases_free{network=\"net\",range=\"b\"} 1.8446744073709552e+19\n")) << text;
}

TEST(Prometheus, EscapesLabels) {
  report::Metrics metrics;
  metrics.ranges[{"a\"b\\c", "r"}] = {};
  EXPECT_TRUE(contains(report::prometheus(metrics), R"({network="a\"b\\c",range="r"} 0)"));
}

}  // namespace
