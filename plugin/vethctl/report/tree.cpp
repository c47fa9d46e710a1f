#include "plugin/vethctl/report/tree.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/picture.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>

namespace report {
namespace {

/// A node of the tree. Several cells are aligned with those of other branches; a single cell is a line of its own.
struct Branch {
  std::vector<std::string> cells{};
  std::vector<Branch> branches{};
};

/// The last column: the state unless it is live, then the services.
std::string remarks(inspect::State state, std::vector<std::string> services) {
  if (state != inspect::State::live) services.insert(services.begin(), std::string{inspect::to_string(state)});
  return text::joined(services, ", ");
}

std::string format_end(const Picture& picture, const InterfacePosition& position) {
  return interface_at(picture, position).name + " in " + picture.namespaces[position.netns].title;
}

Branch branch(const Picture& picture, const VethPair& pair) {
  const auto& interface = interface_at(picture, pair.end);
  return {{pair.host_interface, "── " + interface.name, picture.namespaces[pair.end.netns].title, interface.network,
           text::joined(interface.addresses, " "), remarks(pair.state, interface.services)}};
}

Branch between(const Picture& picture, const VethPair& pair) {
  const auto& end = interface_at(picture, pair.end);
  const auto& other = interface_at(picture, *pair.other);
  return {{format_end(picture, pair.end) + " ── " + format_end(picture, *pair.other), end.network,
           text::joined(end.addresses, " ") + " ── " + text::joined(other.addresses, " "),
           remarks(pair.state, end.services)}};
}

void add_ports(Branch& parent, const Picture& picture, const std::string& bridge) {
  for (const auto& pair : picture.pairs) {
    if (!pair.other && pair.bridge == bridge) parent.branches.push_back(branch(picture, pair));
  }
}

Branch host(const Picture& picture) {
  Branch root{{"host " + picture.host}};
  if (!picture.gateways.empty()) root.branches.push_back({{"lo  " + text::joined(picture.gateways, " ")}});
  add_ports(root, picture, "");
  for (const auto& bridge : picture.bridges) {
    Branch node{{"bridge " + bridge.name + "  " + text::joined(format_bridge(bridge), " ")}};
    add_ports(node, picture, bridge.name);
    root.branches.push_back(std::move(node));
  }
  return root;
}

Branch pairs_between(const Picture& picture) {
  Branch root{{"between namespaces"}};
  for (const auto& pair : picture.pairs) {
    if (pair.other) root.branches.push_back(between(picture, pair));
  }
  return root;
}

Branch leases(const inspect::Node& node) {
  Branch root{{"leases for other plugins"}};
  for (const auto& attachment : node.attachments) {
    if (!attachment.host_interface.empty() || !attachment.peer_netns.empty()) continue;
    root.branches.push_back(
        {{attachment.identity.interface, format_container(attachment.identity.container), attachment.identity.network,
          text::joined(texts(attachment.addresses), " "), remarks(attachment.state, {})}});
  }
  return root;
}

/// The tree as table rows; the branch characters are part of the first cell.
void flatten(const Branch& parent, const std::string& indent, std::vector<std::vector<std::string>>& rows) {
  for (const auto& child : parent.branches) {
    const bool is_last = &child == &parent.branches.back();
    rows.push_back(child.cells);
    rows.back().front().insert(0, indent + (is_last ? "└─ " : "├─ "));
    flatten(child, indent + (is_last ? "   " : "│  "), rows);
  }
}

/// Single cells are left out of the table: they would make its first column wide.
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
      text += truncate(clean(row.front()), width) + '\n';
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
  if (node.attachments.empty()) root.branches.push_back({{"no attachments"}});
  std::string text = drawn(root, width);
  for (const auto& part : {pairs_between(drawing), leases(node)}) {
    if (!part.branches.empty()) text += '\n' + drawn(part, width);
  }
  return text;
}

}  // namespace report
