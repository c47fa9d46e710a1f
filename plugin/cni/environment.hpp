#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

enum class Verb { add, del, check, gc, status, version };

std::string_view to_string(Verb verb);

/// The CNI_* variables; an empty one is as good as absent.
struct Environment {
  std::string command;          ///< CNI_COMMAND, not checked: see checked_verb
  std::string container_id{};   ///< CNI_CONTAINERID
  std::string netns{};          ///< CNI_NETNS: a path
  std::string ifname{};         ///< CNI_IFNAME
  std::string args{};           ///< CNI_ARGS: KEY=value;KEY=value
  std::string path{};           ///< CNI_PATH: folders separated by ':'
  bool netns_override = false;  ///< CNI_NETNS_OVERRIDE is "1" or "true"

  bool operator==(const Environment&) const = default;
};

/// Reads them from the process's environment. Never throws for what they contain.
Environment read_environment();

/// The variable TRACEPARENT; empty where there is none.
std::string read_trace_parent();

/// Checks what the verb needs, by the table of the specification: all missing names are reported at once, then each
/// value's characters and length. Throws Error invalid_environment.
Verb checked_verb(const Environment& environment);

/// What CNI_ARGS asks for; other keys are ignored.
struct Args {
  std::vector<std::string> ip;         ///< IP=: addresses, with or without a prefix length, separated by ','
  std::vector<std::string> gateway{};  ///< GATEWAY=
  std::string mac{};                   ///< MAC=

  bool operator==(const Args&) const = default;
};

/// Throws Error invalid_environment where a part is not KEY=value.
Args parse_args(std::string_view text);

/// What is wrong with a name for an interface, nullopt where nothing is: 1 to 15 printable ASCII bytes, not "." or
/// "..", and none of '/', ':',
/// '%' (the kernel takes "eth%d" for a template) and white space.
std::optional<std::string> interface_name_fault(std::string_view name);

}  // namespace cni
