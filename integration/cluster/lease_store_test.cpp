// The client of Kubernetes with a real API server: integration/cluster/run --store kubernetes.
#include "plugin/kubernetes/lease_store.hpp"

#include "integration/support/file_text.hpp"
#include "integration/support/kube_api_server.hpp"
#include "plugin/cni/error.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LeaseStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (KubeApiServer::find_executable().empty()) GTEST_SKIP() << "kube-apiserver is not installed";
    server.emplace();
    server->add_node("a", "192.0.2.1");
    credentials = kubernetes::parse_kubeconfig(read_text(server->kubeconfig()));
  }

  kubernetes::Settings settings() {
    return {.credentials = [this] { return credentials; }, .node = "a", .watch_time = 2s, .heartbeat = 500ms};
  }

  std::string error_of(const std::function<void(kubernetes::LeaseStore&)>& act) {
    kubernetes::LeaseStore store{settings()};
    try {
      act(store);
    } catch (const cni::Error& error) {
      return std::to_string(error.code) + ": " + error.what();
    }
    return "";
  }

  std::optional<KubeApiServer> server;
  kubernetes::Credentials credentials;
};

TEST_F(LeaseStoreTest, CreatesFindsReplacesAndRemoves) {
  kubernetes::LeaseStore store{settings()};
  EXPECT_EQ(store.create("nodes/a", "1"), std::nullopt);
  EXPECT_EQ(store.create("nodes/a", "1"), std::nullopt) << "an attempt whose answer was lost";
  EXPECT_EQ(store.create("nodes/a", "2").value().item.value, "1");
  auto item = store.find("nodes/a").value();
  auto old = std::exchange(item.value, "3");
  EXPECT_TRUE(store.replace(item));
  EXPECT_FALSE(store.replace(item)) << "the revision is old";
  EXPECT_FALSE(store.remove(item)) << "the revision is old";
  EXPECT_EQ(store.find("nodes/a").value().value, "3");
  EXPECT_TRUE(store.remove(store.find("nodes/a").value()));
  EXPECT_EQ(store.find("nodes/a"), std::nullopt);
}

TEST_F(LeaseStoreTest, ListsWhatHasThePrefix) {
  kubernetes::LeaseStore store{settings()};
  for (const auto* key : {"blocks/default/0000a3", "blocks/default/000001", "blocks/other/000001", "nodes/a"}) {
    ASSERT_EQ(store.create(key, "1"), std::nullopt) << key;
  }
  EXPECT_THAT(store.list("").items, SizeIs(4));
  EXPECT_THAT(store.list("blocks/default/").items, SizeIs(2));
  EXPECT_THAT(store.list("pools/").items, IsEmpty());
}

TEST_F(LeaseStoreTest, WatchesAcrossTheEndOfAWatch) {
  kubernetes::LeaseStore store{settings()};
  const auto revision = store.list("").revision;
  std::thread changer{[&] {
    kubernetes::LeaseStore other{settings()};
    other.create("nodes/a", "1");
    std::this_thread::sleep_for(3s);  // the server has ended the first watch
    other.create("nodes/b", "2");
    other.remove(other.find("nodes/a").value());
  }};
  std::vector<std::string> changed;
  store.watch("", revision, [&](const cluster::Changes& changes) {
    for (const auto& change : changes.changes) changed.push_back((change.removed ? "-" : "+") + change.item.key);
    return changed.size() < 3;
  });
  changer.join();
  EXPECT_THAT(changed, ElementsAre("+nodes/a", "+nodes/b", "-nodes/a"));
}

TEST_F(LeaseStoreTest, ReportsAnExpiredTokenAndUsesItsSuccessor) {
  kubernetes::LeaseStore store{settings()};
  auto valid = std::exchange(credentials.token, "expired");
  EXPECT_THAT(
      error_of([](auto& other) { other.list(""); }),
      HasSubstr("11: the API server refused to accept the token or the certificate of this node: Unauthorized"));
  credentials.token = valid;
  EXPECT_THAT(store.list("").items, IsEmpty());
}

TEST_F(LeaseStoreTest, RefusesAServerOfAnotherAuthority) {
  credentials.tls.ca = read_text("/run/test/certificates/other-ca.pem");
  EXPECT_THAT(error_of([](auto& store) { store.list(""); }), HasSubstr("the certificate of the server is not valid"));
}

TEST_F(LeaseStoreTest, NamesANodeThatDoesNotExist) {
  auto of_other = settings();
  of_other.node = "nobody";
  try {
    kubernetes::LeaseStore{of_other}.read_node();
    ADD_FAILURE() << "no error";
  } catch (const cni::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("refused to read the Node \"nobody\": "));
  }
}

}  // namespace
