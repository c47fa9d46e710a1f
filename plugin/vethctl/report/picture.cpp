#include "plugin/vethctl/report/picture.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace report {
namespace {

constexpr std::size_t longest_title = 32;

class Painter {
 public:
  explicit Painter(const inspect::Node& node) : picture_{.host = node.hostname, .gateways = texts(node.gateways)} {
    picture_.bridges = node.bridges;
    for (const auto& attachment : node.attachments) add(attachment);
    order_cables();
  }

  Picture finished() && { return std::move(picture_); }

 private:
  void add(const inspect::Attachment& attachment);
  void add_missing_bridge(const std::string& name);
  std::size_t space_of(const std::string& netns, const std::string& container);
  Place put(std::size_t space, Interface interface);
  void order_cables();

  Picture picture_;
  std::map<std::string, std::size_t> spaces_;  ///< by path, or by container where no path is known
};

/// A namespace that was met as the second of a cable takes the name of its container when that comes.
std::size_t Painter::space_of(const std::string& netns, const std::string& container) {
  const auto [found, is_new] = spaces_.try_emplace(netns.empty() ? container : netns, picture_.spaces.size());
  if (is_new) picture_.spaces.push_back({.title = cut(namespace_words(netns), longest_title)});
  auto& space = picture_.spaces[found->second];
  const auto title = cut(container_words(container), longest_title);
  if (container.empty() || title == space.title) return found->second;
  if (space.subtitle.empty() && !netns.empty()) space.subtitle = space.title;
  space.title = title;
  return found->second;
}

Place Painter::put(std::size_t space, Interface interface) {
  auto& interfaces = picture_.spaces[space].interfaces;
  interfaces.push_back(std::move(interface));
  return {space, interfaces.size() - 1};
}

void Painter::add_missing_bridge(const std::string& name) {
  const bool is_known = std::ranges::find(picture_.bridges, name, &inspect::Bridge::name) != picture_.bridges.end();
  if (!is_known && !name.empty()) picture_.bridges.push_back({.name = name});
}

/// Routed ends have addresses of no interest: the gateways.
std::string port_of(const inspect::Attachment& attachment) {
  if (attachment.peer_netns != inspect::host_namespace_path) return attachment.host_interface;
  auto words = texts(attachment.peer_addresses);
  words.insert(words.begin(), attachment.peer_interface);
  return text::joined(words, " ");
}

void Painter::add(const inspect::Attachment& attachment) {
  const auto& identity = attachment.identity;
  const auto space = space_of(attachment.netns, identity.container);
  Cable cable{.end = put(space, {.name = identity.interface,
                                 .network = identity.network,
                                 .state = attachment.state,
                                 .addresses = texts(attachment.addresses)}),
              .host_interface = port_of(attachment),
              .bridge = attachment.bridge,
              .state = attachment.state};
  if (!attachment.peer_netns.empty() && attachment.peer_netns != inspect::host_namespace_path) {
    cable.other = put(
        space_of(attachment.peer_netns, ""),
        {.name = attachment.peer_interface, .state = attachment.state, .addresses = texts(attachment.peer_addresses)});
  }
  add_missing_bridge(attachment.bridge);
  if (cable.other || !cable.host_interface.empty()) picture_.cables.push_back(std::move(cable));
}

void Painter::order_cables() {
  std::ranges::stable_sort(picture_.cables, {}, [](const Cable& cable) {
    return std::tuple{cable.other.has_value(), cable.bridge};
  });
}

}  // namespace

Picture picture(const inspect::Node& node) { return Painter{node}.finished(); }

std::vector<std::string> bridge_words(const inspect::Bridge& bridge) {
  if (bridge.mac == cni::MacAddress{}) return {"missing"};
  auto words = texts(bridge.addresses);
  words.insert(words.begin(), bridge.is_up ? "up" : "down");
  return words;
}

const Interface& at(const Picture& picture, const Place& place) {
  return picture.spaces[place.space].interfaces[place.interface];
}

std::string box_id(const Place& place) {
  return "space" + std::to_string(place.space) + "_" + std::to_string(place.interface);
}

std::string port_id(std::size_t cable) { return "port" + std::to_string(cable); }

std::string label(const Space& space) {
  return space.subtitle.empty() ? space.title : space.title + '\n' + space.subtitle;
}

std::string label(const Interface& interface) {
  std::string text = interface.name;
  for (const auto& address : interface.addresses) text += '\n' + address;
  return text;
}

std::string label(const Picture& picture, const Cable& cable) {
  const auto& network = at(picture, cable.end).network;
  return cable.state == inspect::State::live ? network : network + '\n' + std::string{inspect::to_string(cable.state)};
}

}  // namespace report
