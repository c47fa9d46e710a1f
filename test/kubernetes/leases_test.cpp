// The texts have the form that the API server of Kubernetes 1.36 sends; members that are not read are shortened.
#include "plugin/kubernetes/leases.hpp"

#include "test/support/error_text.hpp"

#include <gmock/gmock.h>

#include <string>

#include <gtest/gtest.h>

namespace {

using kubernetes::LeaseEvent;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string node_lease =
    R"({"metadata":{"name":"node-a","namespace":"veth-cni","uid":"d5c1","resourceVersion":"812","labels":{"veth-cni":"node"},)"
    R"("annotations":{"veth-cni/key":"nodes/a","veth-cni/value":"{\"machine\":\"m\"}"},"managedFields":[{"manager":"veth-node"}]},)"
    R"("spec":{}})";
const cluster::Item node_item{.key = "nodes/a", .value = R"({"machine":"m"})", .revision = "812"};
const std::string foreign_lease = R"({"metadata":{"name":"x","resourceVersion":"813"},"spec":{"holderIdentity":"y"}})";

TEST(Leases, AreNamedByKeys) {
  EXPECT_EQ(kubernetes::lease_name("nodes/worker-1.example"), "node-worker-1.example");
  EXPECT_EQ(kubernetes::lease_name("pools/default"), "pool-default");
  EXPECT_EQ(kubernetes::lease_name("blocks/default/0000a3"), "block-default-0000a3");
  EXPECT_THAT(test::error_text([] { kubernetes::lease_name("nodes/Worker_1"); }), HasSubstr("only lower case letters"));
  EXPECT_THAT(test::error_text([] { kubernetes::lease_name("other/a"); }), HasSubstr("is no key of an entry"));
}

TEST(Leases, AreSelectedByLabels) {
  EXPECT_EQ(kubernetes::selector(""), "labelSelector=veth-cni");
  EXPECT_EQ(kubernetes::selector("nodes/"), "labelSelector=veth-cni%3Dnode");
  EXPECT_EQ(kubernetes::selector("blocks/default/"), "labelSelector=veth-cni%3Dblock%2Cveth-cni-pool%3Ddefault");
}

TEST(Leases, AreWritten) {
  EXPECT_EQ(to_json(kubernetes::WrittenLease{.item = {.key = "blocks/p/00000a", .value = R"({"node":"a"})"},
                                             .api_namespace = "veth-cni",
                                             .owner = kubernetes::NodeReference{"a", "u-1"}}),
            R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"block-p-00000a",)"
            R"("namespace":"veth-cni","labels":{"veth-cni":"block","veth-cni-pool":"p"},"annotations":{)"
            R"("veth-cni/key":"blocks/p/00000a","veth-cni/value":"{\"node\":\"a\"}"},"ownerReferences":[{)"
            R"("apiVersion":"v1","kind":"Node","name":"a","uid":"u-1"}]},"spec":{}})");
  EXPECT_THAT(to_json(kubernetes::WrittenLease{.item = node_item, .api_namespace = "n"}),
              HasSubstr(R"("resourceVersion":"812")"));
  EXPECT_EQ(kubernetes::delete_options("812"),
            R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"812"}})");
}

TEST(Leases, AreRead) {
  EXPECT_EQ(kubernetes::read_lease(node_lease), node_item);
  EXPECT_EQ(kubernetes::read_lease(foreign_lease), std::nullopt);
}

TEST(Leases, AreListedInPages) {
  const auto page = kubernetes::read_lease_list(
      R"({"kind":"LeaseList","apiVersion":"coordination.k8s.io/v1","metadata":{"resourceVersion":"900","continue":"abc",)"
      R"("remainingItemCount":3},"items":[)" +
      node_lease + ',' + foreign_lease + "]}");
  EXPECT_THAT(page.items, ElementsAre(node_item));
  EXPECT_EQ(page.revision, "900");
  EXPECT_EQ(page.next, "abc");
}

TEST(LeaseEvents, AreRead) {
  EXPECT_EQ(kubernetes::read_lease_event(R"({"type":"ADDED","object":)" + node_lease + '}'),
            (LeaseEvent{.kind = LeaseEvent::Kind::changed, .item = node_item, .revision = "812"}));
  auto removed = node_item;
  removed.value.clear();
  EXPECT_EQ(kubernetes::read_lease_event(R"({"type":"DELETED","object":)" + node_lease + '}'),
            (LeaseEvent{.kind = LeaseEvent::Kind::removed, .item = removed, .revision = "812"}));
  EXPECT_EQ(kubernetes::read_lease_event(
                R"({"type":"BOOKMARK","object":{"kind":"Lease","metadata":{"resourceVersion":"950"},"spec":{}}})"),
            (LeaseEvent{.kind = LeaseEvent::Kind::bookmark, .revision = "950"}));
}

TEST(LeaseEvents, EndAWatch) {
  EXPECT_EQ(
      kubernetes::read_lease_event(
          R"x({"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old resource version: 1 (2)",)x"
          R"("reason":"Expired","code":410}})"),
      (LeaseEvent{.kind = LeaseEvent::Kind::expired, .reason = "too old resource version: 1 (2)"}));
  EXPECT_EQ(kubernetes::read_lease_event(R"({"type":"ERROR","object":{"kind":"Status","code":500}})").kind,
            LeaseEvent::Kind::failed);
}

TEST(Leases, RejectOtherTexts) {
  for (const std::string text : {"", "{", "[]", "{}", "null", "<html>", R"({"type":"ADDED","object":{}})",
                                 R"({"type":"OTHER","object":{"metadata":{"resourceVersion":"1"}}})"}) {
    const std::string expected = "6: the API server sent an unexpected answer";
    EXPECT_EQ(test::error_text([&] { kubernetes::read_lease(text); }), expected) << text;
    EXPECT_EQ(test::error_text([&] { kubernetes::read_lease_list(text); }), expected) << text;
    EXPECT_EQ(test::error_text([&] { kubernetes::read_lease_event(text); }), expected) << text;
    EXPECT_EQ(test::error_text([&] { kubernetes::read_node_object(text); }), expected) << text;
  }
}

TEST(ApiFailure, IsReadFromAnyText) {
  EXPECT_EQ(
      kubernetes::read_api_failure(
          R"({"kind":"Status","status":"Failure","message":"leases \"x\" already exists","reason":"AlreadyExists","code":409})"),
      (kubernetes::ApiFailure{.reason = "AlreadyExists", .message = R"(leases \"x\" already exists)"}));
  EXPECT_EQ(kubernetes::read_api_failure("<html>").message, "<html>");
}

TEST(NodeObject, HasNetworksAndAddresses) {
  const auto node = kubernetes::read_node_object(
      R"({"metadata":{"name":"a","uid":"u-1"},"spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00:1::/64"]},)"
      R"("status":{"addresses":[{"type":"InternalIP","address":"192.0.2.1"},{"type":"Hostname","address":"a"}]}})");
  EXPECT_EQ(node.reference, (kubernetes::NodeReference{"a", "u-1"}));
  EXPECT_THAT(node.pod_networks, ElementsAre("10.244.1.0/24", "fd00:1::/64"));
  EXPECT_THAT(node.addresses, ElementsAre("192.0.2.1"));
}

}  // namespace
