#pragma once

#include <string>

namespace vethctl {

/// One end of a connection, as given on the command line.
struct End {
  enum class Kind { netns, host, bridge };

  Kind kind = Kind::netns;
  std::string name{};  ///< of a namespace: the container ID of its attachments; of a bridge: its name
  std::string path{};  ///< path of the namespace; empty for a bridge

  bool operator==(const End&) const = default;
};

/// Parses "host", "bridge:NAME", a path, a process ID, or the name of a namespace in /run/netns. Throws UsageError for
/// an invalid name. Whether the end exists is checked when it is opened.
End parse_end(const std::string& text);

}  // namespace vethctl
