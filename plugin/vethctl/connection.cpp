#include "plugin/vethctl/connection.hpp"

#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <algorithm>
#include <iterator>

namespace vethctl {
namespace {

constexpr auto default_interface = "eth0";

/// Whether a pair joins two bridges: both ends are on the host.
bool is_joint(const inspect::Attachment& connection) {
  return !connection.ovs_bridge.empty() && !connection.bridge.starts_with(inspect::ovs_prefix);
}

bool is_ovs_end(const NamedEnd& named, const inspect::Attachment& connection) {
  const auto& interface = is_joint(connection) ? connection.identity.interface : connection.host_interface;
  return named.end.kind == End::Kind::ovs && connection.ovs_bridge == named.end.name &&
         named.interface.value_or(interface) == interface;
}

bool is_container_end(const NamedEnd& named, const inspect::Attachment& connection) {
  if (named.end.kind == End::Kind::ovs) return is_joint(connection) && is_ovs_end(named, connection);
  return named.end.kind == End::Kind::netns && cni::tag_of(attachment_for(named)) == connection.tag;
}

bool is_other_end(const NamedEnd& named, const inspect::Attachment& connection) {
  const auto& [end, interface] = named;
  if (end.kind == End::Kind::ovs) return is_ovs_end(named, connection);
  if (end.kind == End::Kind::bridge) return connection.bridge == end.name;
  const bool is_host = connection.peer_netns == inspect::host_namespace_path;
  if (end.kind == End::Kind::host)
    return is_host && interface.value_or(connection.peer_interface) == connection.peer_interface;
  return !connection.peer_netns.empty() && !is_host && parse_end(connection.peer_netns).name == end.name &&
         interface.value_or(default_interface) == connection.peer_interface;
}

bool has_ends(const NamedEnd& container, const NamedEnd& other, const inspect::Attachment& connection) {
  return is_container_end(container, connection) &&
         (!is_other_end_known(connection) || is_other_end(other, connection));
}

}  // namespace

/// The two bridges may be joined by several pairs: --ifname makes the others distinct.
std::string joint_interface(const End& ovs, const End& bridge) {
  constexpr std::size_t digits = 11;
  return "ovs-" + cni::to_string(cni::tag_of_network(ovs.name + '/' + bridge.name)).substr(0, digits);
}

std::string read_interface(const Arguments& arguments, const std::string& option) {
  auto name = arguments.value(option).value_or(default_interface);
  if (const auto fault = cni::interface_name_fault(name)) {
    throw UsageError{"--" + option + ' ' + text::quoted(name) + ": " + *fault};
  }
  return name;
}

cni::Request connect_request(const End& container, const std::string& interface) {
  cni::Request request;
  request.attachment = {.network = inspect::connect_network, .container = container.name, .interface = interface};
  request.netns = container.path;
  request.config.version = cni::Version::v1_1_0;
  request.config.name = inspect::connect_network;
  request.config.type = "veth";
  return request;
}

cni::Attachment attachment_for(const NamedEnd& container) {
  return {.network = inspect::connect_network,
          .container = container.end.name,
          .interface = container.interface.value_or(default_interface)};
}

bool is_other_end_known(const inspect::Attachment& connection) {
  return !connection.bridge.empty() || !connection.peer_netns.empty();
}

std::vector<inspect::Attachment> find_connections(const std::vector<NamedEnd>& named,
                                                  const std::vector<inspect::Attachment>& connections) {
  const auto is_match = [&](const inspect::Attachment& connection) {
    const auto& first = named.front();
    const auto& last = named.back();
    if (named.size() == 1) return is_container_end(first, connection) || is_other_end(first, connection);
    return has_ends(first, last, connection) || has_ends(last, first, connection);
  };
  std::vector<inspect::Attachment> found;
  std::ranges::copy_if(connections, std::back_inserter(found), is_match);
  return found;
}

}  // namespace vethctl
