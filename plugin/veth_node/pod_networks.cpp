#include "plugin/veth_node/pod_networks.hpp"

#include "plugin/text/quoted.hpp"

namespace veth_node {

bool lacks_pod_networks(const Config& config) {
  const bool has_pool = config.network && !config.network->pool.empty();
  return config.store.type == StoreConfig::Type::kubernetes && config.pod_networks.empty() && !has_pool;
}

cni::Error missing_pod_networks(const std::string& node) {
  return {cni::ErrorCode::try_again_later, "node " + text::quoted(node) + " has no pod networks (spec.podCIDRs)",
          "run kube-controller-manager with --allocate-node-cidrs and --cluster-cidr, or let the cloud assign them"};
}

std::vector<cni::Prefix> wait_for_pod_networks(const std::string& node,
                                               const std::function<std::vector<cni::Prefix>()>& read,
                                               const std::function<bool(const cni::Error&)>& pause) {
  while (true) {
    auto reason = missing_pod_networks(node);
    try {
      if (auto networks = read(); !networks.empty()) return networks;
    } catch (const cni::Error& error) {
      const bool is_temporary = error.code == static_cast<unsigned>(cni::ErrorCode::try_again_later);
      if (!is_temporary) throw;
      reason = error;
    }
    if (!pause(reason)) throw cni::Error{reason};
  }
}

}  // namespace veth_node
