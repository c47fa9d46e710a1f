// veth-node run: nodes are network namespaces on a bridge, with etcd on the bridge.
#include "integration/support/iproute.hpp"
#include "integration/support/store_client.hpp"
#include "plugin/http/connection.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

namespace {

using namespace support;
using namespace std::chrono_literals;
using testing::HasSubstr;

bool becomes_true(const std::function<bool()>& condition, std::chrono::milliseconds timeout = 15s) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return condition();
}

/// A node 192.0.2.N that runs veth-node.
class AgentNode {
 public:
  explicit AgentNode(int number)
      : client("node" + std::to_string(number), {{"type", "etcd"}, {"endpoints", {"http://192.0.2.254:2379"}}}),
        netns_(client.name()) {
    const auto n = std::to_string(number);
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"link", "add", "w" + n, "type", "veth", "peer", "name", "eth0", "netns", client.name()},
             {"link", "set", "w" + n, "master", "underlay", "up"},
             {"-n", client.name(), "addr", "add", "192.0.2." + n + "/24", "dev", "eth0"},
             {"-n", client.name(), "link", "set", "eth0", "up"},
             {"-n", client.name(), "link", "set", "lo", "up"},
             {"-n", client.name(), "route", "add", "default", "via", "192.0.2.254"}}) {
      ip(words);
    }
    client.config.erase("addresses");
    client.config["network"] = {{"name", "pods"}, {"pool", "default"}, {"file", client.folder() + "/10.conflist"}};
    client.write_config();
  }
  ~AgentNode() { kill(SIGKILL); }
  AgentNode(const AgentNode&) = delete;
  AgentNode& operator=(const AgentNode&) = delete;

  void start() {
    auto words = client.argv("run", {"--metrics", "127.0.0.1:9273"});
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = ::open((client.folder() + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(file, STDERR_FILENO);
    if (::setns(netns_.file(), CLONE_NEWNET) == 0) ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
  }

  /// Returns the exit status; 0 if it did not run.
  int kill(int signal) {
    if (process_ == 0) return 0;
    ::kill(process_, signal);
    return wait();
  }

  int wait() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string get(const std::string& path) const {
    return in(netns_, [&] {
      try {
        const auto deadline = http::deadline_in(2s);
        http::Connection connection{http::read_endpoint("http://127.0.0.1:9273"), {}, deadline};
        return connection.exchange({.method = "GET", .target = path}, deadline).body;
      } catch (const std::exception& error) {
        return std::string{error.what()};
      }
    });
  }

  std::string ip_output(std::vector<std::string> words) const {
    words.insert(words.begin(), {"ip", "-n", client.name()});
    return run({.argv = words}).out;
  }

  bool has_routes_to(const AgentNode& other) const {
    const auto blocks = other.client.blocks();
    if (blocks.empty()) return false;
    const auto path = other.client.folder() + "/lib/veth-cni/blocks/default/" + *blocks.begin();
    const auto block = json::parse(read_text(path));
    return ip_output({"route", "show", block["prefixes"][0].get<std::string>()}).find("nhid") != std::string::npos;
  }

  std::string log() const { return read_text(client.folder() + "/log"); }
  std::string conflist() const { return read_text(client.folder() + "/10.conflist"); }

  StoreClient client;

 private:
  static void ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    const auto outcome = run({.argv = words});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
  }

  Namespace netns_;
  pid_t process_ = 0;
};

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdServer::find_executable()) GTEST_SKIP() << "etcd is not installed";
    run({.argv = {"ip", "link", "add", "underlay", "type", "bridge"}});
    run({.argv = {"ip", "addr", "add", "192.0.2.254/24", "dev", "underlay"}});
    run({.argv = {"ip", "link", "set", "underlay", "up"}});
    server.emplace();
    a.emplace(1);
    b.emplace(2);
  }

  void start_both() {
    a->start();
    b->start();
    ASSERT_TRUE(becomes_true([&] { return a->has_routes_to(*b) && b->has_routes_to(*a); })) << a->log() << b->log();
  }

  std::optional<EtcdServer> server;
  std::optional<AgentNode> a;
  std::optional<AgentNode> b;
};

TEST_F(AgentTest, ConnectsTwoNodes) {
  start_both();
  ASSERT_TRUE(becomes_true([&] { return !a->conflist().empty(); })) << a->log();
  const auto list = json::parse(a->conflist());
  EXPECT_EQ(list["plugins"][0]["ipam"]["pool"], "default");
  EXPECT_EQ(list["plugins"][0]["ipMasqExcept"], json::parse(pool_of_tests)["cidrs"]);
  EXPECT_TRUE(becomes_true([&] { return a->get("/healthz") == "ok\n"; })) << a->get("/healthz");
  EXPECT_THAT(a->get("/metrics"), HasSubstr("veth_node_nodes 2\n"));
  EXPECT_THAT(a->get("/metrics"), HasSubstr("veth_node_blocks{pool=\"default\"} 1\n"));
}

TEST_F(AgentTest, LeavesTheNetworkAsItIsWhenItEnds) {
  start_both();
  const auto routes = a->ip_output({"route"});
  const auto hops = a->ip_output({"nexthop"});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(a->kill(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_EQ(a->ip_output({"route"}), routes);
  a->start();
  EXPECT_TRUE(becomes_true([&] { return a->get("/healthz") == "ok\n"; })) << a->log();
  EXPECT_EQ(a->ip_output({"route"}), routes);
  EXPECT_EQ(a->ip_output({"nexthop"}), hops);
}

TEST_F(AgentTest, LeavesNothingAfterClean) {
  start_both();
  a->kill(SIGTERM);
  const auto cleaned =
      run({.argv = {"nsenter", "--net=/run/netns/" + a->client.name(), executables() + "/veth-node", "clean"}});
  EXPECT_EQ(cleaned, Outcome{});
  for (const auto* family : {"-4", "-6"}) EXPECT_EQ(a->ip_output({family, "route", "show", "proto", "87"}), "");
  EXPECT_EQ(a->ip_output({"nexthop"}), "");
  EXPECT_EQ(a->ip_output({"-brief", "link", "show", "type", "vxlan"}), "");
  EXPECT_FALSE(std::filesystem::exists("/run/veth-node"));
}

TEST_F(AgentTest, RestoresARouteWhileTheStoreIsAway) {
  start_both();
  server->kill();
  const auto routes = a->ip_output({"route"});
  a->ip_output({"nexthop", "flush", "proto", "87"});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(becomes_true([&] { return a->ip_output({"route"}) == routes; }, 3s)) << a->ip_output({"route"});
  RecordProperty("milliseconds", static_cast<int>((std::chrono::steady_clock::now() - begin) / 1ms));
  EXPECT_TRUE(becomes_true([&] { return a->get("/metrics").find("store_connected 0") != std::string::npos; }));
  EXPECT_EQ(a->get("/healthz"), "ok\n");
  server->start();
  EXPECT_TRUE(becomes_true([&] { return a->get("/metrics").find("store_connected 1") != std::string::npos; }, 30s));
}

TEST_F(AgentTest, StartsWithoutTheStore) {
  start_both();
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(a->client.folder() + "/run/snapshot.json"); }));
  a->kill(SIGKILL);
  server->kill();
  const auto routes = a->ip_output({"route"});
  a->ip_output({"nexthop", "flush", "proto", "87"});
  a->start();
  EXPECT_TRUE(becomes_true([&] { return a->ip_output({"route"}) == routes; })) << a->ip_output({"route"}) << a->log();
}

TEST_F(AgentTest, FollowsNodesThatComeAndGo) {
  start_both();
  AgentNode c{3};
  c.start();
  EXPECT_TRUE(becomes_true([&] { return a->has_routes_to(c) && b->has_routes_to(c); })) << c.log();
  c.kill(SIGKILL);
  EXPECT_TRUE(a->has_routes_to(c)) << "a node that restarts keeps its routes";
  StoreClient admin{"admin"};
  EXPECT_EQ(admin.run("forget", {"node3"}).exit, 0);
  EXPECT_TRUE(becomes_true([&] { return !a->has_routes_to(c) && !b->has_routes_to(c); }));
  EXPECT_TRUE(a->has_routes_to(*b));
}

TEST_F(AgentTest, KeepsEverythingWhenTheStoreHasLostItsData) {
  start_both();
  const auto routes = a->ip_output({"route"});
  const auto blocks = a->client.blocks();
  server->kill();
  server->restore("");
  server->start();
  const auto is_back = [&] {
    const auto shown = a->client.show();
    return shown.is_object() && shown["nodes"].size() == 2 && shown["pools"].contains("default");
  };
  EXPECT_TRUE(becomes_true(is_back, 30s)) << a->log();
  EXPECT_TRUE(becomes_true([&] { return a->client.owned("node1") == blocks; }, 30s));
  EXPECT_EQ(a->client.blocks(), blocks);
  EXPECT_EQ(a->ip_output({"route"}), routes);
}

TEST_F(AgentTest, RefusesANameThatAnotherMachineHas) {
  start_both();
  AgentNode other{3};
  other.client.config["node"] = "node1";
  other.client.write_config();
  other.start();
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.log(), HasSubstr("another machine has the node name"));
  EXPECT_EQ(other.ip_output({"nexthop"}), "");
  EXPECT_EQ(other.conflist(), "");
}

TEST_F(AgentTest, RefusesAPoolThatDiffersFromTheStore) {
  start_both();
  AgentNode other{3};
  other.client.config["pools"]["default"]["cidrs"] = {"10.64.0.0/18"};
  other.client.write_config();
  other.start();
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.log(), HasSubstr("in the store, but"));
}

}  // namespace
