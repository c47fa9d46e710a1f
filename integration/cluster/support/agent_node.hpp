#pragma once

#include "integration/support/iproute.hpp"
#include "integration/support/namespace.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/store_client.hpp"
#include "plugin/http/connection.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

// veth-node run as a process: nodes are network namespaces on the bridge "underlay", with the store on the bridge.
namespace cluster_support {

using support::json;
using support::Namespace;
using support::Outcome;
using support::read_text;
using support::StoreClient;
using support::StoreServer;

inline bool becomes_true(const std::function<bool()>& condition,
                         std::chrono::milliseconds timeout = std::chrono::seconds{15}) {
  const auto deadline = std::chrono::steady_clock::now() + timeout * support::slowness();
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return condition();
}

/// The bridge between the nodes. Its address 192.0.2.254 is that of the store.
inline void make_underlay() {
  support::run({.argv = {"ip", "link", "add", "underlay", "type", "bridge"}});
  support::run({.argv = {"ip", "addr", "add", "192.0.2.254/24", "dev", "underlay"}});
  support::run({.argv = {"ip", "link", "set", "underlay", "up"}});
}

/// A node 192.0.2.N that runs veth-node.
class AgentNode {
 public:
  explicit AgentNode(int number)
      : client("node" + std::to_string(number), StoreServer::config("192.0.2.254"),
               "192.0.2." + std::to_string(number)),
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
    return support::in(netns_, [&] {
      try {
        const auto deadline = http::deadline_in(std::chrono::seconds{2});
        http::Connection connection{http::read_endpoint("http://127.0.0.1:9273"), {}, deadline};
        return connection.exchange({.method = "GET", .target = path}, deadline).body;
      } catch (const std::exception& error) {
        return std::string{error.what()};
      }
    });
  }

  /// Runs a command of veth-node in the node.
  Outcome run(const std::string& command, const std::vector<std::string>& operands = {}) const {
    return support::run({.argv = client.argv(command, operands), .inside = &netns_});
  }

  const Namespace& netns() const { return netns_; }

  std::string ip_output(std::vector<std::string> words) const {
    words.insert(words.begin(), {"ip", "-n", client.name()});
    return support::run({.argv = words}).out;
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
    const auto outcome = support::run({.argv = words});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
  }

  Namespace netns_;
  pid_t process_ = 0;
};

}  // namespace cluster_support
