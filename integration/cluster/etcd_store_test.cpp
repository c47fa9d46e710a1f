// The client of etcd with a real etcd.
#include "plugin/etcd/etcd_store.hpp"

#include "integration/support/etcd_server.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/slowness.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/http/connection.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;
using namespace std::chrono_literals;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string etcd_error(const std::function<void()>& act) {
  try {
    act();
  } catch (const cni::Error& error) {
    return std::to_string(error.code) + ": " + error.what();
  }
  return "";
}

class EtcdStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdServer::find_executable()) GTEST_SKIP() << "etcd is not installed";
  }

  etcd::Settings settings(const std::vector<std::string>& urls = {"http://127.0.0.1:2379"}) {
    etcd::Settings made;
    for (const auto& url : urls) made.servers.endpoints.push_back(http::read_endpoint(url));
    made.servers.timeout = 2s * support::slowness();
    made.heartbeat = 200ms;
    return made;
  }

  /// A request that the client does not make.
  std::string post(const std::string& path, const std::string& body) {
    const auto deadline = http::deadline_in(5s);
    http::Connection connection{http::read_endpoint("http://127.0.0.1:2379"), {}, deadline};
    return connection.exchange({.method = "POST", .target = path, .body = body}, deadline).body;
  }

  /// What a watch reports until so many changes have arrived.
  std::vector<cluster::Change> watch(cluster::Store& store, const std::string& revision, std::size_t count) {
    std::vector<cluster::Change> found;
    const auto deadline = std::chrono::steady_clock::now() + 10s * support::slowness();
    store.watch("", revision, [&](const cluster::Changes& changes) {
      found.insert(found.end(), changes.changes.begin(), changes.changes.end());
      return found.size() < count && std::chrono::steady_clock::now() < deadline;
    });
    return found;
  }
};

TEST_F(EtcdStoreTest, CreatesFindsReplacesAndRemoves) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  EXPECT_EQ(store.find("nodes/a"), std::nullopt);
  EXPECT_EQ(store.create("nodes/a", R"({"a":1})"), std::nullopt);
  const auto occupied = store.create("nodes/a", R"({"b":1})");
  ASSERT_TRUE(occupied);
  EXPECT_EQ(occupied->item.value, R"({"a":1})");
  EXPECT_THAT(occupied->following.value(), ElementsAre("nodes/a"));
  auto item = store.find("nodes/a").value();
  item.value = R"({"c":1})";
  EXPECT_TRUE(store.replace(item));
  EXPECT_FALSE(store.replace(item)) << "the revision is old";
  EXPECT_FALSE(store.remove(item)) << "the revision is old";
  EXPECT_TRUE(store.remove(store.find("nodes/a").value()));
  EXPECT_EQ(store.find("nodes/a"), std::nullopt);
}

TEST_F(EtcdStoreTest, ListsInPagesAndOnlyItsPrefix) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  auto other = settings();
  other.prefix = "/veth-cni/v10/";
  etcd::EtcdStore{other}.create("nodes/x", "{}");
  for (int i = 0; i < 1203; ++i) store.create("blocks/p/" + std::to_string(100'000 + i), "{}");
  const auto listing = store.list("blocks/");
  EXPECT_THAT(listing.items, SizeIs(1203));
  EXPECT_EQ(listing.items.back().key, "blocks/p/101202");
  EXPECT_THAT(store.list("").items, SizeIs(1203));
  EXPECT_THAT(store.create("blocks/p/100100", "other")->following.value(), SizeIs(64));
}

TEST_F(EtcdStoreTest, WatchesChangesAfterARevision) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  const auto revision = store.list("").revision;
  store.create("nodes/b", "2");
  store.remove(store.find("nodes/a").value());
  const auto changes = watch(store, revision, 2);
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].item.key, "nodes/b");
  EXPECT_EQ(changes[0].item.value, "2");
  EXPECT_EQ(changes[1].item.key, "nodes/a");
  EXPECT_TRUE(changes[1].removed);
}

TEST_F(EtcdStoreTest, ReportsACompaction) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  for (int i = 0; i < 3; ++i) {
    auto item = store.find("nodes/a").value();
    item.value += '1';
    store.replace(item);
  }
  post("/v3/kv/compaction", R"({"revision":"4","physical":true})");
  EXPECT_FALSE(store.watch("", "2", [](const auto&) { return true; }));
}

TEST_F(EtcdStoreTest, ReportsAStoreOfAnEarlierRevision) {
  EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  server.kill();
  server.restore("");
  server.start();
  EXPECT_FALSE(store.watch("", "7", [](const auto&) { return true; }));
}

TEST_F(EtcdStoreTest, ContinuesAfterAKillAndARestart) {
  EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  const auto revision = store.list("").revision;
  std::string failure;
  std::thread watcher{[&] {
    etcd::EtcdStore other{settings()};
    failure = etcd_error([&] { other.watch("", revision, [](const auto&) { return true; }); });
  }};
  std::this_thread::sleep_for(300ms);
  server.kill();
  watcher.join();
  EXPECT_THAT(failure, HasSubstr("11: "));
  EXPECT_THAT(etcd_error([&] { store.find("nodes/a"); }),
              HasSubstr("11: the store does not answer: cannot connect to"));
  server.start();
  EXPECT_EQ(store.find("nodes/a")->value, "1");
  store.create("nodes/b", "2");
  EXPECT_THAT(watch(store, revision, 1), SizeIs(1));
}

TEST_F(EtcdStoreTest, DoesNotWaitForAFrozenServer) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  server.freeze();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(etcd_error([&] { store.find("nodes/a"); }), HasSubstr("no answer in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s * support::slowness());
  server.resume();
  EXPECT_TRUE(store.find("nodes/a"));
}

TEST_F(EtcdStoreTest, NoticesARestoredBackupThatHasMadeAsManyChanges) {
  EtcdServer server;
  const std::string backup = "/run/test/backup";
  server.kill();
  server.back_up(backup);
  server.start();
  std::string revision;
  {
    etcd::EtcdStore store{settings()};
    store.create("nodes/a", "1");
    store.create("nodes/b", "1");
    revision = store.list("").revision;
  }
  server.kill();
  server.restore(backup);
  server.start();
  etcd::EtcdStore store{settings()};
  for (const auto* key : {"nodes/c", "nodes/d", "nodes/e"}) store.create(key, "1");
  const auto is_followed = [&](const std::string& last) {
    return store.watch("", last, [](const auto&) { return false; });
  };
  EXPECT_FALSE(is_followed(revision));
  EXPECT_TRUE(is_followed(store.list("").revision));
}

TEST_F(EtcdStoreTest, ContinuesAfterARemovalThatWasTheLastChange) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  const auto listed = store.list("").revision;
  store.remove(store.find("nodes/a").value());
  std::string removed;
  store.watch("", listed, [&](const cluster::Changes& batch) {
    removed = batch.revision;
    return batch.changes.empty();
  });
  store.create("nodes/b", "1");
  const auto changes = watch(store, removed, 1);
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(changes[0].item.key, "nodes/b");
}

TEST_F(EtcdStoreTest, NoticesThatTheServerOfAWatchIsFrozen) {
  const EtcdServer server;
  etcd::EtcdStore store{settings()};
  store.create("nodes/a", "1");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(etcd_error([&] {
                store.watch("", "2", [&, is_frozen = false](const auto&) mutable {
                  if (!std::exchange(is_frozen, true)) server.freeze();
                  return true;
                });
              }),
              HasSubstr("11: the store does not answer"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s * support::slowness());
  server.resume();
}

TEST_F(EtcdStoreTest, UsesTheNextServerThatAnswers) {
  const EtcdServer server;
  etcd::EtcdStore store{settings({"http://127.0.0.1:2399", "http://[::1]:2398", "http://127.0.0.1:2379"})};
  store.create("nodes/a", "1");
  EXPECT_TRUE(store.find("nodes/a"));
  EXPECT_THAT(
      etcd_error([&] {
        etcd::EtcdStore{settings({"http://127.0.0.1:2399", "http://[::1]:2398"})}.find("x");
      }),
      testing::AllOf(HasSubstr("127.0.0.1:2399: Connection refused"), HasSubstr("[::1]:2398: Connection refused")));
}

TEST_F(EtcdStoreTest, UsesATokenAndRenewsIt) {
  const EtcdServer server;
  for (const auto& [path, body] :
       std::vector<std::pair<std::string, std::string>>{{"user/add", R"({"name":"root","password":"secret"})"},
                                                        {"role/add", R"({"name":"root"})"},
                                                        {"user/grant", R"({"user":"root","role":"root"})"},
                                                        {"enable", "{}"}}) {
    post("/v3/auth/" + path, body);
  }
  EXPECT_THAT(etcd_error([&] { etcd::EtcdStore{settings()}.find("x"); }), HasSubstr("user name is empty"));
  auto wrong = settings();
  wrong.user = "root";
  wrong.password = "wrong";
  EXPECT_THAT(etcd_error([&] { etcd::EtcdStore{wrong}.find("x"); }), HasSubstr("invalid user ID or password"));
  auto right = wrong;
  right.password = "secret";
  etcd::EtcdStore store{right};
  EXPECT_EQ(store.create("nodes/a", "1"), std::nullopt);
  EXPECT_THAT(watch(store, "1", 1), SizeIs(1));
}

class EtcdTls : public EtcdStoreTest {
 protected:
  void SetUp() override {
    EtcdStoreTest::SetUp();
    if (IsSkipped()) return;
    folder = make_certificates();
    server.emplace(2379, true);
  }

  std::string pem(const std::string& name) { return read_text(folder + '/' + name); }

  std::string error_with(const http::Tls& tls) {
    auto made = settings({"https://127.0.0.1:2379"});
    made.servers.tls = [tls] { return tls; };
    return etcd_error([&] { etcd::EtcdStore{made}.find("x"); });
  }

  http::Tls right() { return {.ca = pem("ca.pem"), .certificate = pem("client.pem"), .key = pem("client.key")}; }

  std::string folder;
  std::optional<EtcdServer> server;
};

TEST_F(EtcdTls, VerifiesBothSides) { EXPECT_EQ(error_with(right()), ""); }

TEST_F(EtcdTls, VerifiesTheNameOfTheServer) {
  auto tls = right();
  tls.server_name = "etcd.test";
  EXPECT_EQ(error_with(tls), "");
  tls.server_name = "other.test";
  EXPECT_THAT(error_with(tls), HasSubstr("the certificate of the server is not valid: hostname mismatch"));
}

TEST_F(EtcdTls, RefusesAnotherAuthority) {
  auto tls = right();
  tls.ca = pem("other-ca.pem");
  EXPECT_THAT(error_with(tls), HasSubstr("the certificate of the server is not valid: "));
}

TEST_F(EtcdTls, ReportsThatTheServerRefusesTheClient) {
  EXPECT_THAT(error_with({.ca = pem("ca.pem")}),
              AnyOf(HasSubstr("certificate required"), HasSubstr("bad certificate")));
  EXPECT_THAT(error_with({.ca = pem("ca.pem"), .certificate = pem("other.pem"), .key = pem("other.key")}),
              AnyOf(HasSubstr("bad certificate"), HasSubstr("unknown ca")));
}

TEST_F(EtcdTls, ReportsFilesThatAreNoCertificates) {
  auto tls = right();
  tls.ca = "nothing";
  EXPECT_THAT(error_with(tls), HasSubstr("7: cannot use the certificates of the authority"));
  tls = right();
  tls.key = pem("other.key");
  EXPECT_THAT(error_with(tls), HasSubstr("7: cannot use the key of this client"));
  tls = right();
  tls.certificate = tls.key;
  EXPECT_THAT(error_with(tls), HasSubstr("7: cannot use the certificate of this client"));
}

TEST_F(EtcdTls, ReportsAServerWithoutTls) {
  const EtcdServer plain{2479};
  auto made = settings({"https://127.0.0.1:2479"});
  made.servers.tls = [this] { return right(); };
  EXPECT_THAT(etcd_error([&] { etcd::EtcdStore{made}.find("x"); }), HasSubstr("cannot connect by TLS to"));
  EXPECT_THAT(etcd_error([&] { etcd::EtcdStore{settings({"http://127.0.0.1:2379"})}.find("x"); }), HasSubstr("11: "));
}

/// A server that answers each connection with a text and closes it, or keeps it open.
class TextServer {
 public:
  TextServer(std::string text, bool keeps_open) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(2379);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) ADD_FAILURE() << "bind";
    ::listen(listener_, 16);
    thread_ = std::thread{[this, text = std::move(text), keeps_open] {
      while (true) {
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        char request[4096];
        ::recv(client, request, sizeof request, 0);
        ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
        if (keeps_open) {
          open_.push_back(client);
        } else {
          ::shutdown(client, SHUT_WR);
          ::close(client);
        }
      }
    }};
  }
  ~TextServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (const int client : open_) ::close(client);
    ::close(listener_);
  }

 private:
  int listener_ = -1;
  std::vector<int> open_;
  std::thread thread_;
};

const std::string json_head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

TEST(EtcdGarbage, IsRefusedByEachRequest) {
  etcd::Settings made;
  made.servers.endpoints = {http::read_endpoint("http://127.0.0.1:2379")};
  made.servers.timeout = 1s;
  for (const std::string& text :
       {std::string{}, std::string{"garbage\r\n\r\n"}, std::string(100'000, 'x'),
        json_head + "Content-Length: 2\r\n\r\n{}", json_head + "Content-Length: 9\r\n\r\n{\"header\"",
        json_head + "Content-Length: 100\r\n\r\n{\"he",
        std::string{"HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\n<html>"},
        std::string{"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"}}) {
    const TextServer server{text, false};
    etcd::EtcdStore store{made};
    for (const auto& act : std::vector<std::function<void()>>{
             [&] { store.list(""); }, [&] { store.find("nodes/a"); }, [&] { store.create("nodes/a", "1"); },
             [&] { store.remove({.key = "nodes/a"}); },
             [&] { store.watch("", "1", [](const auto&) { return true; }); }}) {
      EXPECT_NE(etcd_error(act), "") << text.substr(0, 80);
    }
  }
}

TEST(EtcdGarbage, DoesNotBelieveHalfALine) {
  etcd::Settings made;
  made.servers.endpoints = {http::read_endpoint("http://127.0.0.1:2379")};
  made.heartbeat = 100ms;
  const std::string created = R"({"result":{"header":{"revision":"5"},"created":true}})"
                              "\n";
  const std::string half = R"({"result":{"header":{"revision":"6"},"events":[{"kv":{"key":"L3ZldGg)";
  const TextServer server{json_head + "\r\n" + created + half, true};
  etcd::EtcdStore store{made};
  std::size_t changes = 0;
  int calls = 0;
  store.watch("", "5", [&](const cluster::Changes& batch) {
    changes += batch.changes.size();
    return ++calls < 4;
  });
  EXPECT_EQ(changes, 0U);
  EXPECT_EQ(calls, 4);
}

}  // namespace
