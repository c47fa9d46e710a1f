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

/// One call of a CNI plugin as a runtime makes it. All variables are set, even if they are empty.
struct Call {
  std::string command;                    ///< CNI_COMMAND
  std::string container = {};             ///< CNI_CONTAINERID
  std::string netns = {};                 ///< CNI_NETNS
  std::string interface = "eth0";         ///< CNI_IFNAME
  std::string args = {};                  ///< CNI_ARGS
  json config = nullptr;                  ///< standard input
  std::optional<std::string> input = {};  ///< standard input as text, in place of config
  std::string plugin = "veth";            ///< the executable, looked up in CNI_PATH unless it is a path
  std::optional<std::string> path = {};   ///< CNI_PATH; absent: the built executables, then Debian's reference plugins
  std::vector<std::string> wrapper = {};  ///< a program that runs the plugin, such as strace
  std::chrono::seconds timeout{60};
};

struct Answer {
  int exit = 0;
  json result;  ///< standard output as JSON; null if it is not one JSON value
  std::string out;
  std::string err;
};

/// For failure messages.
std::ostream& operator<<(std::ostream& stream, const Answer& answer);

/// The code of the error object on standard output; 0: there is none.
int code_of(const Answer& answer);

Answer call(const Call& call);

/// The variables of the call, each as "NAME=value".
std::vector<std::string> environment_of(const Call& call);

/// The standard input of the call. With the variable VETH_TEST_DEVICE, configurations of mode ptp have that device.
std::string input_of(const Call& call);

/// The folder of the executables under test: $VETH_BIN_DIR, or by default the build's.
std::string executables();

/// Runs vethctl.
Outcome vethctl(std::vector<std::string> arguments, const std::string& input = {});

/// The default of Call::path.
std::string default_path();

/// Debian's folder of the reference plugins.
constexpr auto reference_plugins = "/usr/lib/cni";

/// A container: an ID, a network namespace and an interface name.
struct Container {
  std::string id;
  Namespace netns{id};
  std::string interface = "eth0";
};

Answer add(const Container& container, const json& config);

/// `result`, of ADD, is passed as prevResult.
Answer check(const Container& container, json config, const json& result);

/// `result`, of ADD, is passed as prevResult unless it is null.
Answer del(const Container& container, json config, const json& result = nullptr);

/// An entry of cni.dev/valid-attachments.
struct Valid {
  std::string container;
  std::string interface = "eth0";
};

/// GC with only these attachments valid. The configuration gets cniVersion 1.1.0 and no runtimeConfig.
Call gc_call(json config, const std::vector<Valid>& valid);
Answer gc(const json& config, const std::vector<Valid>& valid);

/// The first address of the family (4 or 6) in a result of version 0.3.0 or later, without prefix length; empty: none.
std::string address_of(const json& result, int family);

/// The gateway of that address.
std::string gateway_of(const json& result, int family);

/// The host interface in a result of version 0.3.0 or later.
std::string host_interface_of(const json& result);

}  // namespace support
