#pragma once

#include "plugin/cluster/directory.hpp"

#include <optional>
#include <string>

namespace veth_node {

/// The directory of the last run. A run after it continues there, and needs no list; with the store away it keeps the
/// network as it is.
struct Snapshot {
  cluster::Directory directory;
  std::string revision;

  bool operator==(const Snapshot&) const = default;
};

inline constexpr const char* default_snapshot = "/run/veth-node/snapshot.json";

std::string snapshot_text(const cluster::Directory& directory, const std::string& revision);

/// nullopt if the text is not a snapshot.
std::optional<Snapshot> parse_snapshot(const std::string& text);

/// nullopt if there is none, or it cannot be read.
std::optional<Snapshot> find_snapshot(const std::string& path);

/// Throws std::system_error.
void write_snapshot(const std::string& path, const std::string& text);

}  // namespace veth_node
