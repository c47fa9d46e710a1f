#pragma once

#include <string>

namespace vethctl {

/// One end of a connection, as given on the command line.
struct End {
  enum class Kind { netns, host, bridge, ovs };

  Kind kind = Kind::netns;
  std::string name{};  ///< of a namespace: the container ID of its attachments; of a bridge: its name
  std::string path{};  ///< path of the namespace; empty for a bridge, also of Open vSwitch (kind ovs)

  bool operator==(const End&) const = default;
};

/// Whether the end is a bridge, also of Open vSwitch.
bool is_switch(const End& end);

/// Parses "host", "bridge:NAME", "ovs:NAME", a path, a process ID, or the name of a namespace in /run/netns. Throws
/// UsageError for an invalid name. Whether the end exists is checked when it is opened.
End parse_end(const std::string& text);

}  // namespace vethctl
