#include "plugin/posix/replace_file.hpp"
#include "plugin/veth_node/commands/commands.hpp"
#include "plugin/veth_node/pod_networks.hpp"
#include "plugin/veth_node/stores.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace commands {
namespace {

constexpr std::chrono::seconds time_between_attempts{2};
constexpr unsigned most_pauses = 60;  // then a kubelet shows the error, and starts the container again

veth_node::Config config_of_pod() {
  veth_node::Config config{.node = veth_node::default_node_name()};
  config.store.type = veth_node::StoreConfig::Type::kubernetes;
  return config;
}

std::string line_of(const std::vector<cni::Prefix>& networks) {
  std::string line;
  for (const auto& network : networks) line += (line.empty() ? "" : ",") + cni::to_string(network);
  return line + '\n';
}

int pod_cidrs(const Arguments& arguments, const Console& console) {
  const auto config = config_of_pod();
  unsigned pauses = 0;
  const auto networks = veth_node::wait_for_pod_networks(
      config.node, [&] { return veth_node::with_node_object(config).pod_networks; },
      [&](const cni::Error& reason) {
        if (pauses == 0) console.warn(std::string{"veth-node: "} + reason.what() + "; trying again\n");
        std::this_thread::sleep_for(time_between_attempts);
        return ++pauses < most_pauses;
      });
  console.print(line_of(networks));
  if (const auto file = arguments.value("output-file")) posix::replace_file(*file, line_of(networks));
  return vethctl::success;
}

}  // namespace

Command pod_cidrs_command() {
  return {.name = "pod-cidrs",
          .summary = "print the networks that Kubernetes has assigned to this node",
          .description =
              "Reads the Node object of this node (VETH_NODE_NAME) with the service account of the pod, and prints its "
              "spec.podCIDRs, for `vethctl install --pod-cidr-file`. If there are none, or if the API server does not "
              "answer, it tries again for two minutes.",
          .options = {{.name = "output-file", .value = "FILE", .help = "also write them to this file, atomically"}},
          .examples = {"veth-node pod-cidrs --output-file /node/pod-cidr"},
          .run = pod_cidrs};
}

}  // namespace commands
