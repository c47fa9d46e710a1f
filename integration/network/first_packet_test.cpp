// The network works as soon as ADD returns: the first packet arrives, over IPv4 and IPv6, in each direction.
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/probe.hpp"
#include "integration/support/slowness.hpp"
#include "integration/support/snapshot.hpp"

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

const std::size_t rounds = slowness() == 1 ? 120 : 16;

struct ProbedPath {
  std::string name;
  Probe probe;
  std::string target;  ///< "b" or "gateway"
};

std::vector<ProbedPath> paths_between(const Namespace& host, const Container& a, const Container& b) {
  std::vector<ProbedPath> paths;
  for (const int family : {4, 6}) {
    const std::string version = " over IPv" + std::to_string(family);
    paths.push_back({"container to container" + version, Probe{a.netns, b.netns, family}, "b"});
    paths.push_back({"host to container" + version, Probe{host, b.netns, family}, "b"});
    paths.push_back({"container to host" + version, Probe{b.netns, host, family}, "gateway"});
  }
  return paths;
}

std::string target_of(const ProbedPath& path, std::size_t number, const json& result) {
  const int family = number < 3 ? 4 : 6;
  return path.target == "b" ? address_of(result, family) : gateway_of(result, family);
}

// Each round begins with another path, so that each of them is often the first one.
void count_losses(std::size_t round, std::map<std::string, std::size_t>& losses) {
  const auto host = Namespace::host();
  const Container a{"a" + std::to_string(round)};
  const Container b{"b" + std::to_string(round)};
  const auto paths = paths_between(host, a, b);
  ASSERT_EQ(add(a, dual_stack()).exit, 0);
  const auto added = add(b, dual_stack());
  for (std::size_t step = 0; step < paths.size(); ++step) {
    const std::size_t number = (round + step) % paths.size();
    const auto& path = paths.at(number);
    const auto target = target_of(path, number, added.result);
    if (!path.probe.arrives(target)) ++losses[path.name + (step == 0 ? ", first" : ", later")];
  }
  EXPECT_EQ(del(a, dual_stack()).exit, 0);
  EXPECT_EQ(del(b, dual_stack()).exit, 0);
}

TEST(FirstPacket, ArrivesInEachOfManyRounds) {
  const auto before = Snapshot::take();
  std::map<std::string, std::size_t> losses;
  for (std::size_t round = 0; round < rounds && !HasFatalFailure(); ++round) count_losses(round, losses);
  EXPECT_TRUE(losses.empty()) << "lost in " << rounds << " rounds: " << testing::PrintToString(losses);
  EXPECT_TRUE(unchanged_since(before));
}

// The kernel defers some work, and defers it for longer when it is busy.
TEST(FirstPacket, ArrivesWhileOtherContainersAreAddedAndDeleted) {
  std::atomic<bool> done{false};
  std::vector<std::future<void>> others;
  for (const std::string name : {"x", "y", "z"}) {
    others.push_back(std::async(std::launch::async, [&done, name] {
      const Container container{name};
      while (!done) {
        add(container, dual_stack());
        del(container, dual_stack());
      }
    }));
  }
  std::map<std::string, std::size_t> losses;
  for (std::size_t round = 0; round < rounds / 4 && !HasFatalFailure(); ++round) count_losses(round, losses);
  done = true;
  for (auto& other : others) other.get();
  EXPECT_TRUE(losses.empty()) << "lost in " << rounds / 4 << " rounds: " << testing::PrintToString(losses);
}

}  // namespace
