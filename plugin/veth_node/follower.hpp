#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/veth_node/board.hpp"
#include "plugin/veth_node/log.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace veth_node {

/// The time of a thread; replaced in tests.
struct Time {
  std::function<std::chrono::steady_clock::time_point()> now = [] { return std::chrono::steady_clock::now(); };
  /// Waits; false: the thread ends.
  std::function<bool(std::chrono::milliseconds)> pause;
};

/// A time that never ends the thread. Pauses vary by a quarter: nodes that lost the store at the same moment return to
/// it one after the other.
Time real_time();

/// What a directory lacks that an earlier one had.
struct Losses {
  std::size_t nodes = 0;
  std::size_t blocks = 0;

  bool operator==(const Losses&) const = default;
};

/// Adds to a directory what only the last one has. A store that was restored from a backup lacks nodes and blocks that
/// are still in use: routes to them must not be removed, and no other node may get the blocks.
Losses keep_lost(const cluster::Directory& last, cluster::Directory& next);

/// Keeps the directory of the board in step with the store. If the store does not answer, the directory stays.
class Follower {
 public:
  /// All must outlive it.
  Follower(cluster::Store& store, Board& board, const Log& log, Time time);

  /// Continues after the revision of the board, if it has one. Returns when Time::pause returns false.
  void run();

 private:
  void follow();
  void list();
  bool keep_doubtful(cluster::Directory& next);
  bool watch(const std::string& revision);
  void report_failure(const std::string& failure);
  void report_messages(const std::vector<std::string>& messages);

  cluster::Store& store_;
  Board& board_;
  const Log& log_;
  Time time_;
  std::optional<std::chrono::steady_clock::time_point> doubted_since_;
  bool needs_list_ = true;
};

}  // namespace veth_node
