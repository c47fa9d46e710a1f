#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace explain {

/// The word as sh(1) reads it back: unchanged, or in single quotes if it has other characters than letters, digits and
/// "_./:@%+=,-".
std::string word(std::string_view text);

/// Where commands run.
struct Namespace {
  std::string path{};  ///< of a network namespace; empty or that of this process: the host's own

  /// `ip ARGUMENTS` there, with -n NAME for a namespace in /run/netns.
  std::string ip(const std::string& arguments) const;
  /// Another command there.
  std::string run(const std::string& command) const;
  /// `sysctl` there. `setting` is relative to /proc/sys: interface names may contain dots.
  std::string sysctl(const std::string& setting, std::string_view value) const;

  /// Its name in /run/netns, or its path: both are valid after `netns` in the arguments of ip.
  std::string name() const;
  bool is_host() const;
};

/// "net/ipv4/conf/INTERFACE/SETTING"
std::string ipv4_setting(const std::string& interface, std::string_view setting);
std::string ipv6_setting(const std::string& interface, std::string_view setting);

/// Commands of sh(1), one per line; a here-document has several lines.
using Commands = std::vector<std::string>;

void append(Commands& commands, Commands others);

}  // namespace explain
