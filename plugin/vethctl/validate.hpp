#pragma once

#include <string>
#include <vector>

namespace vethctl {

/// One thing to be said of one file.
struct Remark {
  enum class Kind { ok, fault, warning, not_checked };

  std::string file;
  std::string pointer{};  ///< of the plugin in a list: "/plugins/0"
  std::string type{};     ///< of the plugin
  Kind kind = Kind::ok;
  unsigned code = 0;  ///< of a fault
  std::string message{};
};

/// "FILE: /plugins/0 (veth)", as far as it is known.
std::string place_of(const Remark& remark);

/// Reads a network configuration or a list of them as ADD would; "-" is standard input.
std::vector<Remark> validate(const std::string& file);

}  // namespace vethctl
