#pragma once

#include <string>

namespace vethctl {

/// One end of a cable, as people name it.
struct End {
  enum class Kind { netns, host, bridge };

  Kind kind = Kind::netns;
  std::string name{};  ///< of a namespace what an attachment calls its container; of a bridge its own
  std::string path{};  ///< of the namespace; empty for a bridge

  bool operator==(const End&) const = default;
};

/// "host", "bridge:NAME", a path, the number of a process, or the name of a namespace in /run/netns. Throws UsageError
/// for a name that nothing of it can have; whether it is there is seen when it is opened.
End find_end(const std::string& text);

}  // namespace vethctl
