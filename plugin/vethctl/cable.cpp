#include "plugin/vethctl/cable.hpp"

#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/node.hpp"

namespace vethctl {

std::string read_interface(const Arguments& arguments, const std::string& option) {
  auto name = arguments.value(option).value_or("eth0");
  if (const auto fault = cni::interface_name_fault(name)) {
    throw UsageError{"--" + option + ' ' + text::quoted(name) + ": " + *fault};
  }
  return name;
}

cni::Request cable_request(const End& container, const std::string& interface) {
  cni::Request request;
  request.attachment = {.network = inspect::cable_network, .container = container.name, .interface = interface};
  request.netns = container.path;
  request.config.version = cni::Version::v1_1_0;
  request.config.name = inspect::cable_network;
  request.config.type = "veth";
  return request;
}

}  // namespace vethctl
