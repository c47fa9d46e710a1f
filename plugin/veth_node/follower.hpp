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

/// A time that never ends the thread.
Time real_time();

/// Whether more than half of the nodes of a directory are missing in a later one. A store that was restored from an
/// empty or old backup looks like that, and the routes to nodes that still run must not be removed.
bool has_lost_most(const cluster::Directory& last, const cluster::Directory& next);

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
  bool is_believed(const cluster::Directory& next);
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
