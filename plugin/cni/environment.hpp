#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

enum class Verb { add, del, check, gc, status, version };

std::string_view to_string(Verb verb);

/// The CNI_* variables; an empty variable counts as absent.
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

/// Reads the variables of the process. Does not check their values.
Environment read_environment();

/// The variable TRACEPARENT; empty if it is not set.
std::string read_trace_parent();

/// Checks the variables that the verb needs (section "Parameters" of the specification): reports all missing variables
/// at once, then checks characters and length of each value. Throws Error invalid_environment.
Verb checked_verb(const Environment& environment);

/// The keys that are read from CNI_ARGS; other keys are ignored.
struct Args {
  std::vector<std::string> ip;         ///< IP=: addresses, with or without a prefix length, separated by ','
  std::vector<std::string> gateway{};  ///< GATEWAY=
  std::string mac{};                   ///< MAC=
  std::string ovn_port{};              ///< OvnPort=, as for the plugin ovs-cni
  std::string pod_namespace{};         ///< K8S_POD_NAMESPACE=
  std::string pod_name{};              ///< K8S_POD_NAME=

  bool operator==(const Args&) const = default;
};

/// Skips parts that are not KEY=value: they are for other plugins.
Args parse_args(std::string_view text);

/// "NAMESPACE/NAME" of the pod in Kubernetes; empty if the arguments do not contain both.
std::string pod_of(const Args& args);

/// Why the text is not a valid interface name; nullopt if it is valid: 1 to 15 printable ASCII bytes, not "." or "..",
/// without '/', ':', white space and '%' (the kernel treats "eth%d" as a template).
std::optional<std::string> interface_name_fault(std::string_view name);

}  // namespace cni
