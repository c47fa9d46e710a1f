#include "plugin/vethctl/report/picture.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/format.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace report {
namespace {

constexpr std::size_t max_title_length = 32;

class PictureBuilder {
 public:
  explicit PictureBuilder(const inspect::Node& node)
      : picture_{.host = node.hostname, .gateways = texts(node.gateways)} {
    picture_.bridges = node.bridges;
    for (const auto& attachment : node.attachments) add(attachment);
    order_pairs();
  }

  Picture finished() && { return std::move(picture_); }

 private:
  void add(const inspect::Attachment& attachment);
  void add_missing_bridge(const std::string& name);
  std::size_t box_of(const std::string& netns, const std::string& container);
  InterfacePosition add_interface(std::size_t netns, Interface interface);
  void order_pairs();

  Picture picture_;
  std::map<std::string, std::size_t> box_indexes_;  ///< by path; by container if the path is unknown
};

/// A namespace that was first seen as the other end of a pair gets its title from the container that is in it.
std::size_t PictureBuilder::box_of(const std::string& netns, const std::string& container) {
  const auto [found, is_new] = box_indexes_.try_emplace(netns.empty() ? container : netns, picture_.namespaces.size());
  if (is_new) picture_.namespaces.push_back({.title = truncate(format_namespace(netns), max_title_length)});
  auto& box = picture_.namespaces[found->second];
  const auto title = truncate(format_container(container), max_title_length);
  if (container.empty() || title == box.title) return found->second;
  if (box.subtitle.empty() && !netns.empty()) box.subtitle = box.title;
  box.title = title;
  return found->second;
}

InterfacePosition PictureBuilder::add_interface(std::size_t netns, Interface interface) {
  auto& interfaces = picture_.namespaces[netns].interfaces;
  interfaces.push_back(std::move(interface));
  return {netns, interfaces.size() - 1};
}

void PictureBuilder::add_missing_bridge(const std::string& name) {
  const bool is_known = std::ranges::find(picture_.bridges, name, &inspect::Bridge::name) != picture_.bridges.end();
  if (!is_known && !name.empty()) picture_.bridges.push_back({.name = name});
}

void PictureBuilder::add(const inspect::Attachment& attachment) {
  const auto& identity = attachment.identity;
  const auto netns = box_of(attachment.netns, identity.container);
  VethPair pair{.end = add_interface(netns, {.name = identity.interface,
                                             .network = identity.network,
                                             .state = attachment.state,
                                             .addresses = texts(attachment.addresses),
                                             .services = format_services(attachment)}),
                .host_interface = host_end_label(attachment),
                .bridge = attachment.bridge,
                .state = attachment.state};
  if (!attachment.peer_netns.empty() && attachment.peer_netns != inspect::host_namespace_path) {
    pair.other = add_interface(
        box_of(attachment.peer_netns, ""),
        {.name = attachment.peer_interface, .state = attachment.state, .addresses = texts(attachment.peer_addresses)});
  }
  add_missing_bridge(attachment.bridge);
  if (pair.other || !pair.host_interface.empty()) picture_.pairs.push_back(std::move(pair));
}

void PictureBuilder::order_pairs() {
  std::ranges::stable_sort(picture_.pairs, {}, [](const VethPair& pair) {
    return std::tuple{pair.other.has_value(), pair.bridge};
  });
}

}  // namespace

Picture picture(const inspect::Node& node) { return PictureBuilder{node}.finished(); }

std::vector<std::string> format_services(const inspect::Attachment& attachment) {
  constexpr std::size_t max_ports = 4;
  std::vector<std::string> services;
  for (const auto& port : attachment.ports) {
    if (services.size() == max_ports) break;
    services.push_back("port " + port);
  }
  const auto hidden = attachment.ports.size() - services.size();
  if (hidden > 0) services.push_back("and " + std::to_string(hidden) + (hidden == 1 ? " more port" : " more ports"));
  if (attachment.ingress_limit) services.push_back("ingress " + format_rate(*attachment.ingress_limit));
  if (attachment.egress_limit) services.push_back("egress " + format_rate(*attachment.egress_limit));
  return services;
}

/// The addresses of a routed host end are left out: they are the gateways.
std::string host_end_label(const inspect::Attachment& attachment) {
  if (attachment.peer_netns != inspect::host_namespace_path) return attachment.host_interface;
  auto parts = texts(attachment.peer_addresses);
  parts.insert(parts.begin(), attachment.peer_interface);
  return text::joined(parts, " ");
}

std::vector<std::string> format_bridge(const inspect::Bridge& bridge) {
  if (bridge.mac == cni::MacAddress{}) return {"missing"};
  auto parts = texts(bridge.addresses);
  parts.insert(parts.begin(), bridge.is_up ? "up" : "down");
  return parts;
}

const Interface& interface_at(const Picture& picture, const InterfacePosition& position) {
  return picture.namespaces[position.netns].interfaces[position.interface];
}

std::string box_id(const InterfacePosition& position) {
  return "space" + std::to_string(position.netns) + "_" + std::to_string(position.interface);
}

std::string port_id(std::size_t pair) { return "port" + std::to_string(pair); }

std::string label(const NamespaceBox& netns) {
  return netns.subtitle.empty() ? netns.title : netns.title + '\n' + netns.subtitle;
}

std::vector<std::string> lines_of(const Interface& interface) {
  auto lines = interface.addresses;
  lines.insert(lines.end(), interface.services.begin(), interface.services.end());
  return lines;
}

std::string label(const Interface& interface) {
  std::string text = interface.name;
  for (const auto& line : lines_of(interface)) text += '\n' + line;
  return text;
}

std::string label(const Picture& picture, const VethPair& pair) {
  const auto& network = interface_at(picture, pair.end).network;
  return pair.state == inspect::State::live ? network : network + '\n' + std::string{inspect::to_string(pair.state)};
}

}  // namespace report
