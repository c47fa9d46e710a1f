#pragma once

#include "integration/support/command.hpp"
#include "integration/support/namespace.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace support {

using nlohmann::json;

/// One call of a CNI plugin as a runtime makes it. Variables that are empty are given as empty, as runtimes do.
struct Call {
  std::string command;                    ///< CNI_COMMAND
  std::string container = {};             ///< CNI_CONTAINERID
  std::string netns = {};                 ///< CNI_NETNS
  std::string interface = "eth0";         ///< CNI_IFNAME
  std::string args = {};                  ///< CNI_ARGS
  json config = nullptr;                  ///< standard input
  std::optional<std::string> input = {};  ///< standard input as bare text, in place of config
  std::string plugin = "veth";            ///< the executable, looked up in CNI_PATH
  std::optional<std::string> path = {};   ///< CNI_PATH; absent: the built executables, then Debian's reference plugins
  std::vector<std::string> under = {};    ///< a program that runs the plugin (strace), without our own environment
  std::chrono::seconds patience{60};
};

struct Answer {
  int exit = 0;
  json result;  ///< the one JSON value on standard output; null where it is empty or anything else
  std::string out;
  std::string err;
};

/// For the text of failures.
std::ostream& operator<<(std::ostream& stream, const Answer& answer);

/// The code of the error object on standard output; 0 where there is none.
int code_of(const Answer& answer);

Answer call(const Call& call);

/// The variables of the call, each as "NAME=value".
std::vector<std::string> environment_of(const Call& call);

/// The folder of the executables under test: the build's, or the one that the environment variable VETH_BIN_DIR names.
std::string executables();

/// The built vethctl.
Outcome vethctl(std::vector<std::string> arguments, const std::string& input = {});

/// CNI_PATH of a call that names none.
std::string default_path();

/// Where Debian keeps the reference plugins.
constexpr auto reference_plugins = "/usr/lib/cni";

/// A container as a runtime sees one: a name and a network namespace.
struct Container {
  std::string id;
  Namespace netns{id};
  std::string interface = "eth0";
};

Answer add(const Container& container, const json& config);

/// With the result of ADD as prevResult.
Answer check(const Container& container, json config, const json& result);

/// With the result of ADD as prevResult, where one is given.
Answer del(const Container& container, json config, const json& result = nullptr);

/// An attachment as a runtime's list of the valid ones names it.
struct Valid {
  std::string container;
  std::string interface = "eth0";
};

/// GC, as there is one since cniVersion 1.1.0, by a runtime that knows these attachments and no others; it gives no
/// runtimeConfig then.
Call collection(json config, const std::vector<Valid>& valid);
Answer collect(const json& config, const std::vector<Valid>& valid);

/// The first address of the family (4 or 6) in a result of version 0.3.0 and later, without its prefix length; empty
/// where there is none.
std::string address_of(const json& result, int family);

/// Its gateway.
std::string gateway_of(const json& result, int family);

/// The host's end in a result of version 0.3.0 and later.
std::string host_interface_of(const json& result);

}  // namespace support
