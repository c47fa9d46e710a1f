#include "plugin/vethctl/runtime/executables.hpp"

#include "ipam/exec_ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/plugin_folders.hpp"
#include "plugin/posix/own_executable.hpp"
#include "plugin/posix/program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>
#include <utility>

namespace runtime {
namespace {

constexpr std::size_t max_output_bytes = std::size_t{1} << 20U;

/// A variable that the call does not have must not be inherited.
bool belongs_to_call(std::string_view variable) {
  for (const std::string_view name :
       {"CNI_COMMAND=", "CNI_CONTAINERID=", "CNI_NETNS=", "CNI_IFNAME=", "CNI_ARGS=", "CNI_PATH="}) {
    if (variable.starts_with(name)) return true;
  }
  return false;
}

std::string find_executable(const std::string& type, const std::string& path) try {
  return ipam::find_plugin(type, cni::plugin_folders(path));
} catch (const cni::Error& error) {
  throw cni::Error{static_cast<cni::ErrorCode>(error.code), error.message,
                   "install it there, or set --cni-path to the folder of the plugins"};
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

}  // namespace

std::vector<std::string> plugin_environment(const cni::Environment& call) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!belongs_to_call(*variable)) variables.emplace_back(*variable);
  }
  const auto add = [&](const char* name, const std::string& value) { variables.push_back(name + ('=' + value)); };
  add("CNI_COMMAND", call.command);
  add("CNI_CONTAINERID", call.container_id);
  add("CNI_NETNS", call.netns);
  add("CNI_IFNAME", call.ifname);
  add("CNI_ARGS", call.args);
  add("CNI_PATH", call.path);
  return variables;
}

RunPlugin run_executables(cni::Environment call) {
  return [call = std::move(call)](const std::string& type, cni::Verb verb, const std::string& configuration) {
    auto environment = call;
    environment.command = cni::to_string(verb);
    auto outcome = posix::run({.path = find_executable(type, call.path),
                               .environment = plugin_environment(environment),
                               .input = configuration},
                              max_output_bytes);
    if (outcome.exit_status != 0) throw ipam::plugin_error(outcome);
    return std::move(outcome.output);
  };
}

std::string default_plugin_path() {
  const auto folder = posix::own_folder();
  const std::string usual = "/opt/cni/bin";
  return !folder.empty() && folder != usual && exists(folder + "/veth") ? folder + ':' + usual : usual;
}

}  // namespace runtime
