#include "plugin/vethctl/install_actions.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"

namespace vethctl {
namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

void print(const std::vector<FileAction>& actions, const Arguments& arguments, const Console& console) {
  if (!arguments.wants_json()) {
    for (const auto& [path, action] : actions)
      console.print(std::string{path}.append(": ").append(action).append("\n"));
    return;
  }
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& [path, action] : actions) {
    json.begin_object();
    json.member("path", path);
    json.member("action", action);
    json.end_object();
  }
  json.end_array();
  console.print(json.finished());
}

Option bin_dir_option() {
  return {.name = "bin-dir", .value = "DIR", .help = "folder of the plugins (default: /opt/cni/bin)"};
}

Option conf_dir_option() {
  return {.name = "conf-dir", .value = "DIR", .help = "folder of the network configurations (default: /etc/cni/net.d)"};
}

std::string bin_dir_of(const Arguments& arguments) {
  return without_trailing_slashes(arguments.value("bin-dir").value_or(default_bin_dir));
}

std::string conf_dir_of(const Arguments& arguments) {
  return without_trailing_slashes(arguments.value("conf-dir").value_or(inspect::default_conf_dir));
}

void throw_attached(const std::string& action, const std::string& network, const std::string& remedy) {
  throw cni::Error{cni::ErrorCode::already_attached,
                   "cannot " + action + ": containers are attached to network " + text::quoted(network), remedy};
}

}  // namespace vethctl
