// veth-node claim, release and forget with a real store.
#include "integration/support/store_client.hpp"
#include "integration/support/tracee.hpp"

#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

namespace {

using namespace support;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ClaimTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = StoreServer::why_missing(); !reason.empty()) GTEST_SKIP() << reason;
    server.emplace();
  }

  std::optional<StoreServer> server;
};

TEST_F(ClaimTest, WritesAFileForAKeyOfBothFamilies) {
  const StoreClient node{"a"};
  const auto claimed = node.run("claim");
  ASSERT_EQ(claimed.exit, 0) << claimed.err;
  EXPECT_THAT(claimed.out, HasSubstr(" of pool default: 10.128."));
  ASSERT_THAT(node.blocks(), SizeIs(1));
  EXPECT_EQ(node.blocks(), node.owned("a"));
  const auto file = json::parse(read_text(node.folder() + "/lib/veth-cni/blocks/default/" + *node.blocks().begin()));
  EXPECT_EQ(file["prefixes"].size(), 2U);
  EXPECT_EQ(file["pool"], json::parse(pool_of_tests)["cidrs"]);
}

TEST_F(ClaimTest, OfManyNodesAtOnceGivesEachItsOwn) {
  constexpr int count = 8;
  std::vector<StoreClient> nodes;
  for (int i = 0; i < count; ++i) nodes.emplace_back("n" + std::to_string(i));
  std::vector<std::thread> threads;
  for (auto& node : nodes) {
    threads.emplace_back([&node] {
      for (int i = 0; i < 3; ++i) EXPECT_EQ(node.run("claim").exit, 0);
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& node : nodes) {
    EXPECT_THAT(node.blocks(), SizeIs(3));
    EXPECT_EQ(node.blocks(), node.owned(node.name()));
    for (const auto& block : node.blocks()) EXPECT_TRUE(all.insert(block).second) << block;
  }
}

TEST_F(ClaimTest, OfTheLastBlockSucceedsForOneOfTwoNodes) {
  const json pools{{"default", {{"cidrs", {"10.128.0.0/25"}}, {"blockBits", 6}}}};  // two blocks
  for (int round = 0; round < 3; ++round) {
    std::vector<StoreClient> nodes;
    for (const auto* name : {"a", "b", "c"}) {
      nodes.emplace_back(name + std::to_string(round));
      nodes.back().config["pools"] = pools;
      nodes.back().config["store"] = StoreServer::empty_config("round" + std::to_string(round));
      nodes.back().write_config();
    }
    ASSERT_EQ(nodes.front().run("claim").exit, 0);
    std::vector<Outcome> outcomes(2);
    std::thread other{[&] { outcomes[0] = nodes[1].run("claim"); }};
    outcomes[1] = nodes[2].run("claim");
    other.join();
    const auto succeeded =
        std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.exit == 0; });
    EXPECT_EQ(succeeded, 1) << outcomes[0].err << outcomes[1].err;
    EXPECT_THAT(outcomes[0].err + outcomes[1].err, HasSubstr("pool \"default\" has no free block: all 2 blocks"));
    EXPECT_EQ(nodes[1].blocks().size() + nodes[2].blocks().size(), 1U);
  }
}

TEST_F(ClaimTest, FailsAtOnceWithoutStore) {
  const StoreClient node{"a"};
  server->kill();
  const auto begin = std::chrono::steady_clock::now();
  const auto claimed = node.run("claim");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{3});
  EXPECT_EQ(claimed.exit, 1);
  EXPECT_THAT(claimed.err, HasSubstr("the store does not answer: cannot connect to " + server->url()));
  EXPECT_THAT(node.blocks(), IsEmpty());
}

TEST_F(ClaimTest, ReportsItsFailureToThePlugin) {
  const StoreClient node{"a"};
  server->kill();
  const auto claimed = support::run({.argv = node.argv("claim"), .environment = {"CNI_COMMAND=ADD"}});
  EXPECT_THAT(claimed.out, HasSubstr("the store does not answer: cannot connect to"));
}

TEST_F(ClaimTest, RefusesAPublicConfiguration) {
  const StoreClient node{"a"};
  ::chmod(node.config_file().c_str(), 0644);
  const auto claimed = node.run("claim");
  EXPECT_EQ(claimed.exit, 1);
  EXPECT_THAT(claimed.err, HasSubstr("other users can read or change it; run: chown root "));
}

TEST_F(ClaimTest, NamesAPoolThatDoesNotExist) {
  const StoreClient node{"a"};
  const auto claimed = node.run("claim", {"--pool", "none"});
  EXPECT_EQ(claimed.exit, 1);
  EXPECT_THAT(claimed.err, HasSubstr("the store has no pool \"none\""));
}

TEST_F(ClaimTest, IsUndoneByRelease) {
  const StoreClient node{"a"};
  ASSERT_EQ(node.run("claim").exit, 0);
  ASSERT_EQ(node.run("claim").exit, 0);
  const auto released = node.run("release", {"default"});
  EXPECT_EQ(released.exit, 0) << released.err;
  EXPECT_THAT(node.blocks(), IsEmpty());
  EXPECT_THAT(node.owned("a"), IsEmpty());
}

TEST_F(ClaimTest, IsRevertedIfTheDiskIsFull) {
  const StoreClient node{"a"};
  // The folder of the pool is a file: the block cannot be written.
  std::filesystem::create_directories(node.folder() + "/lib/veth-cni/blocks");
  write_text(node.folder() + "/lib/veth-cni/blocks/default", "");
  const auto claimed = node.run("claim");
  EXPECT_EQ(claimed.exit, 1);
  std::filesystem::remove(node.folder() + "/lib/veth-cni/blocks/default");
  EXPECT_THAT(node.owned("a"), IsEmpty());
}

TEST_F(ClaimTest, ForgetFreesTheBlocksOfAnotherNode) {
  const StoreClient a{"a"};
  const StoreClient b{"b"};
  ASSERT_EQ(a.run("claim").exit, 0);
  ASSERT_EQ(b.run("claim").exit, 0);
  EXPECT_THAT(a.run("forget", {"a"}).err, HasSubstr("\"a\" is this node"));
  EXPECT_THAT(a.run("forget", {"c"}).err, HasSubstr("the store has no node \"c\""));
  const auto forgotten = a.run("forget", {"b"});
  EXPECT_EQ(forgotten.exit, 0) << forgotten.err;
  EXPECT_THAT(a.owned("b"), IsEmpty());
  EXPECT_THAT(a.owned("a"), SizeIs(1));
}

/// Kills a command at its system calls. The paths are those of the sandbox: the wrapper of a node is not traced.
class ClaimKill : public ClaimTest {
 protected:
  /// True if the command made so many system calls, and was killed.
  static bool kill_at(std::size_t number, const StoreClient& node, std::vector<std::string> words) {
    words.insert(words.begin(), executables() + "/veth-node");
    words.insert(words.end(), {"--config", node.config_file()});
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto child = ::fork();
    if (child == 0) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::execv(arguments.front(), arguments.data());
      ::_exit(127);
    }
    Tracee tracee{child};
    for (std::size_t i = 0; i < number; ++i) {
      if (!tracee.next_system_call()) {
        tracee.detach_and_wait();
        return false;
      }
    }
    tracee.kill();
    tracee.detach_and_wait();
    return true;
  }

  static std::set<std::string> files() {
    std::set<std::string> names;
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator{"/var/lib/veth-cni/blocks/default", ignored}) {
      const std::string name = file.path().filename();
      if (name.find('.') == std::string::npos) names.insert(name);
    }
    return names;
  }

  Outcome run_here(std::vector<std::string> words) {
    words.insert(words.begin(), executables() + "/veth-node");
    words.insert(words.end(), {"--config", node->config_file()});
    return support::run({.argv = words});
  }

  void SetUp() override {
    ClaimTest::SetUp();
    if (!IsSkipped()) node.emplace("a");
  }

  /// Each file has a key: another node cannot get the block.
  void expect_owned() {
    const auto keys = node->owned("a");
    for (const auto& file : files()) EXPECT_TRUE(keys.contains(file)) << file;
  }

  std::optional<StoreClient> node;
};

TEST_F(ClaimKill, LeavesAKeyThatTheNextClaimTakes) {
  constexpr std::size_t step = 3;
  std::size_t killed = 0;
  for (std::size_t number = 1; kill_at(number, *node, {"claim"}); number += step, ++killed) {
    SCOPED_TRACE("claim killed at system call " + std::to_string(number));
    expect_owned();
    const auto claimed = run_here({"claim"});
    EXPECT_EQ(claimed.exit, 0) << claimed.err;
    EXPECT_EQ(files(), node->owned("a"));
    EXPECT_EQ(run_here({"release", "default"}).exit, 0);
    if (HasFailure()) return;
  }
  EXPECT_GT(killed, 20U);
}

TEST_F(ClaimKill, OfAReleaseLeavesNoFileWithoutKey) {
  constexpr std::size_t step = 3;
  std::size_t killed = 0;
  for (std::size_t number = 1;; number += step, ++killed) {
    SCOPED_TRACE("release killed at system call " + std::to_string(number));
    ASSERT_EQ(run_here({"claim"}).exit, 0);
    const bool was_killed = kill_at(number, *node, {"release", "default"});
    expect_owned();
    if (HasFailure() || !was_killed) break;
    run_here({"claim"});
    run_here({"release", "default"});
  }
  EXPECT_GT(killed, 20U);
}

}  // namespace
