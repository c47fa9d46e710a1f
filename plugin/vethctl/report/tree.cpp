#include "plugin/vethctl/report/tree.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/escape.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/picture.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

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

Branch host_branch(const Picture& picture) {
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

/// What is drawn before a branch, and below it if its lines are wrapped.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> branch_parts{
    {{"├─ ", "│  "}, {"└─ ", "   "}, {"│  ", "│  "}, {"   ", "   "}}};
constexpr std::size_t part_width = 3;

/// The parts at the beginning of a cell.
struct Indent {
  std::size_t bytes = 0;
  std::size_t columns = 0;
  std::string below{};
};

Indent indent_of(std::string_view cell) {
  Indent indent;
  while (true) {
    const auto rest = cell.substr(indent.bytes);
    const auto part =
        std::ranges::find_if(branch_parts, [&](const auto& each) { return rest.starts_with(each.first); });
    if (part == branch_parts.end()) return indent;
    indent.bytes += part->first.size();
    indent.columns += part_width;
    indent.below += part->second;
  }
}

/// A line of its own, wrapped.
std::string single_lines(const std::string& cell, std::size_t width) {
  const auto indent = indent_of(cell);
  const auto text = clean(cell.substr(indent.bytes));
  const auto separator = '\n' + std::string(indent.columns, ' ');
  return cell.substr(0, indent.bytes) +
         text::joined(wrapped_lines(text, width - std::min(width, indent.columns)), separator) + '\n';
}

/// The lines of a row; the branches of the tree continue on those after the first.
std::string with_branches(const std::string& cell, std::string_view lines) {
  const auto indent = indent_of(cell);
  const std::string spaces(indent.columns, ' ');
  std::string text;
  for (bool is_first = true; !lines.empty(); is_first = false) {
    const auto end = lines.find('\n') + 1;
    auto line = std::string{lines.substr(0, end)};
    if (!is_first && line.starts_with(spaces)) line.replace(0, spaces.size(), indent.below);
    text += line;
    lines.remove_prefix(end);
  }
  return text;
}

/// Single cells are left out of the table: they would make its first column wide.
std::string drawn(const Branch& root, std::size_t width) {
  std::vector<std::vector<std::string>> rows;
  flatten(root, "", rows);
  auto aligned = rows;
  std::erase_if(aligned, [](const auto& cells) { return cells.size() == 1; });
  const auto lines = table_rows(aligned, width, 0);
  std::string text = clean(root.cells.front()) + '\n';
  auto next = lines.begin();
  for (const auto& row : rows) {
    const bool is_single = row.size() == 1;
    text += with_branches(row.front(), is_single ? single_lines(row.front(), width) : *next);
    if (!is_single) ++next;
  }
  return text;
}

}  // namespace

std::string tree(const inspect::Node& node, std::size_t width) {
  const auto drawing = picture(node);
  auto root = host_branch(drawing);
  if (node.attachments.empty()) root.branches.push_back({{"no attachments"}});
  std::string text = drawn(root, width);
  for (const auto& part : {pairs_between(drawing), leases(node)}) {
    if (!part.branches.empty()) text += '\n' + drawn(part, width);
  }
  return text;
}

}  // namespace report
