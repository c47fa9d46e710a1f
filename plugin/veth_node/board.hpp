#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cluster/store.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace veth_node {

/// What `run` knows about the store and its own work: for metrics and `show`.
struct Status {
  bool is_loaded = false;                               ///< the directory is that of the store, or of the last snapshot
  bool is_joined = false;                               ///< the store has the entry of this node
  bool is_connected = false;                            ///< the store answered last
  std::string revision{};                               ///< of the directory
  std::chrono::steady_clock::time_point last_answer{};  ///< of the store
  std::string failure{};                                ///< why the store does not answer; empty: it does
  std::uint64_t lists = 0;
  std::uint64_t changes = 0;
  std::uint64_t failures = 0;
  std::uint64_t ignored_entries = 0;
  bool is_doubted = false;  ///< the directory has entries that the last listing had lost
  bool is_synced = false;   ///< the kernel has what the directory wants
  std::uint64_t syncs = 0;
  std::uint64_t sync_failures = 0;
  std::uint64_t quarantined = 0;        ///< blocks
  std::optional<cni::Error> refusal{};  ///< the store does not accept this node
};

/// The directory and the status, shared by the threads of `run`.
class Board {
 public:
  /// Throws std::system_error.
  Board();

  /// Changes the directory or the status under the lock; then wakes those who wait.
  template <class Change>
  void change(const Change& change) {
    {
      const std::lock_guard guard{mutex_};
      change(directory_, status_);
      ++generation_;
    }
    wake();
  }

  /// Changes the status without waking anybody.
  template <class Change>
  void note(const Change& change) {
    const std::lock_guard guard{mutex_};
    change(status_);
  }

  /// Reads both under the lock.
  template <class Read>
  auto read(const Read& read) const {
    const std::lock_guard guard{mutex_};
    return read(directory_, status_);
  }

  /// Waits for a change, at most for this time.
  void wait(std::chrono::milliseconds timeout);

  /// Readable after a change, until take_event().
  int event() const { return event_.get(); }
  void take_event() const;

 private:
  void wake();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  cluster::Directory directory_;
  Status status_;
  std::uint64_t generation_ = 0;
  std::uint64_t waited_for_ = 0;
  posix::FileDescriptor event_;
};

}  // namespace veth_node
