#pragma once

#include "plugin/cni/attachment.hpp"
#include "plugin/state/directory.hpp"

#include <string>
#include <vector>

namespace state {

/// A port of Open vSwitch that could not be removed.
struct OrphanedPort {
  cni::Tag tag;        ///< of its attachment
  std::string socket;  ///< of the database

  bool operator==(const OrphanedPort&) const = default;
};

/// What has to be done in the databases of Open vSwitch: .ovs/databases/<hash of the socket's path>, a symlink to the
/// socket, for each database whose stale ports of earlier boots are removed; and .ovs/orphans/<tag>, a symlink to the
/// socket, for each port that could not be removed. Each call throws std::system_error for an error of the system.
class Ovs {
 public:
  /// The directory has to outlive it.
  explicit Ovs(const Directory& directory) : directory_(&directory) {}

  bool is_clean(const std::string& socket) const;
  void mark_clean(const std::string& socket);
  /// The sockets of the databases that mark_clean() was called for, in ascending order.
  std::vector<std::string> databases() const;

  void add_orphan(const OrphanedPort& port);
  /// Does nothing if there is no such orphan.
  void remove_orphan(cni::Tag tag);
  bool has_orphan(cni::Tag tag) const;
  /// In ascending order of the tags. One system call if there are none.
  std::vector<OrphanedPort> orphans() const;

 private:
  const Directory* directory_;
};

}  // namespace state
