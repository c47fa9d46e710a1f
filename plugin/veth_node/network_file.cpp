#include "plugin/veth_node/network_file.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/replace_file.hpp"
#include "plugin/state/location.hpp"
#include "plugin/vethctl/node_network.hpp"

#include <fcntl.h>

namespace veth_node {

std::string to_conflist(const NetworkFile& network, const std::vector<cni::Prefix>& networks) {
  vethctl::NodeNetwork wanted{.name = network.name, .pod_cidrs = networks, .pool = network.pool};
  wanted.cluster_cidrs = network.masquerade_exceptions;
  if (!network.pool.empty()) wanted.cluster_cidrs.insert(wanted.cluster_cidrs.end(), networks.begin(), networks.end());
  return vethctl::to_conflist(wanted);
}

bool replace_if_different(const std::string& path, std::string_view content) {
  constexpr std::size_t limit = std::size_t{1} << 20U;
  if (posix::find_content(AT_FDCWD, path, limit) == content) return false;
  state::make_parents(path);
  posix::replace_file(path, content);
  return true;
}

}  // namespace veth_node
