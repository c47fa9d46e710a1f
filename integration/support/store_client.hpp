#pragma once

#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/store_server.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// veth-node as a process. Each node has its own /var/lib and /run/veth-node below /run/test/NAME; all of them share
// the network namespace of the test.
namespace support {

inline const std::string pool_of_tests = R"({"cidrs":["10.128.0.0/18","fd00:244::/64"],"blockBits":6})";  // 256 blocks

/// A node with a configuration file.
class StoreClient {
 public:
  /// The address is the node's in a network of nodes; empty: there is none.
  explicit StoreClient(std::string name, json store = StoreServer::config(), const std::string& address = {})
      : name_(std::move(name)) {
    StoreServer::add_node(name_, address);
    std::filesystem::create_directories(folder() + "/lib");
    std::filesystem::create_directories(folder() + "/run");
    write_text(folder() + "/machine-id", std::string(31, 'a') + name_.back() + '\n');
    config = {{"node", name_},
              {"addresses", {"127.0.0.1"}},
              {"machineIdFile", folder() + "/machine-id"},
              {"pools", {{"default", json::parse(pool_of_tests)}}},
              {"store", std::move(store)}};
    write_config();
  }

  void write_config() const {
    write_text(config_file(), config.dump());
    ::chmod(config_file().c_str(), 0600);
  }

  /// Runs a command to its end.
  Outcome run(const std::string& command, const std::vector<std::string>& operands = {}) const {
    return support::run({.argv = argv(command, operands)});
  }

  /// The words that run a command in the mount namespace of the node.
  std::vector<std::string> argv(const std::string& command, const std::vector<std::string>& operands = {}) const {
    std::vector<std::string> words{
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount --bind " + folder() + "/lib /var/lib && mount --bind " + folder() + "/run /run/veth-node && exec \"$@\"",
        "sh",
        executables() + "/veth-node",
        command,
        "--config",
        config_file()};
    std::filesystem::create_directories("/run/veth-node");
    words.insert(words.end(), operands.begin(), operands.end());
    return words;
  }

  /// The files of its blocks, "0000a3".
  std::set<std::string> blocks(const std::string& pool = "default") const {
    std::set<std::string> names;
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator{folder() + "/lib/veth-cni/blocks/" + pool, ignored}) {
      const auto extension = file.path().extension();  // a file that is being written has the number of the process
      if (extension.empty() || extension == ".hidden") names.insert(file.path().filename());
    }
    return names;
  }

  /// What the store contains: the output of `show`.
  json show() const {
    const auto outcome = run("show", {"--output", "json"});
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    return outcome.exit == 0 ? json::parse(outcome.out) : json{};
  }

  /// The names of the blocks that the store gives to a node.
  std::set<std::string> owned(const std::string& node) const {
    std::set<std::string> names;
    const auto shown = show();
    if (!shown.contains("nodes") || !shown["nodes"].contains(node)) return names;
    for (const auto& value : shown["nodes"][node]["blocks"]) {
      const auto block = value.get<std::string>();
      names.insert(block.substr(block.find('/') + 1));
    }
    return names;
  }

  const std::string& name() const { return name_; }
  std::string folder() const { return "/run/test/" + name_; }
  std::string config_file() const { return folder() + "/node.json"; }

  json config;

 private:
  std::string name_;
};

}  // namespace support
