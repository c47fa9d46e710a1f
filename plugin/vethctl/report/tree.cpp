#include "plugin/vethctl/report/tree.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/picture.hpp"
#include "plugin/vethctl/report/table.hpp"
#include "plugin/vethctl/report/words.hpp"

#include <algorithm>

namespace report {
namespace {

/// What stands at one place of the tree: cells that are aligned with those of other branches, or a line of its own.
struct Branch {
  std::vector<std::string> cells{};
  std::vector<Branch> branches{};
};

std::string state_words(inspect::State state) {
  return state == inspect::State::live ? std::string{} : std::string{inspect::to_string(state)};
}

std::string end_words(const Picture& picture, const Place& place) {
  return at(picture, place).name + " in " + picture.spaces[place.space].title;
}

Branch branch(const Picture& picture, const Cable& cable) {
  const auto& interface = at(picture, cable.end);
  return {{cable.host_interface, "── " + interface.name, picture.spaces[cable.end.space].title, interface.network,
           text::joined(interface.addresses, " "), state_words(cable.state)}};
}

Branch between(const Picture& picture, const Cable& cable) {
  const auto& end = at(picture, cable.end);
  const auto& other = at(picture, *cable.other);
  return {{end_words(picture, cable.end) + " ── " + end_words(picture, *cable.other), end.network,
           text::joined(end.addresses, " ") + " ── " + text::joined(other.addresses, " "), state_words(cable.state)}};
}

void add_ports(Branch& parent, const Picture& picture, const std::string& bridge) {
  for (const auto& cable : picture.cables) {
    if (!cable.other && cable.bridge == bridge) parent.branches.push_back(branch(picture, cable));
  }
}

Branch host(const Picture& picture) {
  Branch root{{"host " + picture.host}};
  if (!picture.gateways.empty()) root.branches.push_back({{"lo  " + text::joined(picture.gateways, " ")}});
  add_ports(root, picture, "");
  for (const auto& bridge : picture.bridges) {
    Branch node{{"bridge " + bridge.name + "  " + text::joined(bridge_words(bridge), " ")}};
    add_ports(node, picture, bridge.name);
    root.branches.push_back(std::move(node));
  }
  return root;
}

Branch cables_between(const Picture& picture) {
  Branch root{{"from namespace to namespace"}};
  for (const auto& cable : picture.cables) {
    if (cable.other) root.branches.push_back(between(picture, cable));
  }
  return root;
}

Branch leases(const inspect::Node& node) {
  Branch root{{"addresses without an interface of ours"}};
  for (const auto& attachment : node.attachments) {
    if (!attachment.host_interface.empty() || !attachment.peer_netns.empty()) continue;
    root.branches.push_back(
        {{attachment.identity.interface, container_words(attachment.identity.container), attachment.identity.network,
          text::joined(texts(attachment.addresses), " "), state_words(attachment.state)}});
  }
  return root;
}

/// The tree as rows; the lines before the cells of a row are part of its first cell.
void flatten(const Branch& parent, const std::string& indent, std::vector<std::vector<std::string>>& rows) {
  for (const auto& child : parent.branches) {
    const bool is_last = &child == &parent.branches.back();
    rows.push_back(child.cells);
    rows.back().front().insert(0, indent + (is_last ? "└─ " : "├─ "));
    flatten(child, indent + (is_last ? "   " : "│  "), rows);
  }
}

/// Lines of their own must not make the first column wide.
std::string drawn(const Branch& root, std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  flatten(root, "", rows);
  auto aligned = rows;
  std::erase_if(aligned, [](const auto& cells) { return cells.size() == 1; });
  const auto lines = table(aligned, width);
  std::string text = clean(root.cells.front()) + '\n';
  std::size_t position = 0;
  for (const auto& row : rows) {
    if (row.size() == 1) {
      text += cut(clean(row.front()), width) + '\n';
      continue;
    }
    const auto end = lines.find('\n', position) + 1;
    text += lines.substr(position, end - position);
    position = end;
  }
  return text;
}

}  // namespace

std::string tree(const inspect::Node& node, std::size_t width) {
  const auto drawing = picture(node);
  auto root = host(drawing);
  if (node.attachments.empty()) root.branches.push_back({{"nothing is attached"}});
  std::string text = drawn(root, width);
  for (const auto& part : {cables_between(drawing), leases(node)}) {
    if (!part.branches.empty()) text += '\n' + drawn(part, width);
  }
  return text;
}

}  // namespace report
