#include "plugin/vethctl/report/list.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/style.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace report {
namespace {

using Row = std::vector<std::string>;

const Row heading{"NETWORK",   "CONTAINER", "INTERFACE", "NAMESPACE", "MODE",
                  "ADDRESSES", "OTHER END", "PORTS",     "AGE",       "STATE"};

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

/// "veth0" on the host, "veth0 port of cni0", or "blue:eth1 10.1.2.3/24" in a second namespace.
std::string format_other_end(const inspect::Attachment& attachment) {
  if (attachment.peer_netns.empty()) {
    const auto port = attachment.bridge.empty() ? "" : " port of " + attachment.bridge;
    return or_dash(attachment.host_interface) + port;
  }
  const auto addresses = text::joined(texts(attachment.peer_addresses), " ");
  return format_namespace(attachment.peer_netns) + ':' + attachment.peer_interface +
         (addresses.empty() ? "" : ' ' + addresses);
}

Style style_of(inspect::State state) {
  if (state == inspect::State::live) return Style::green;
  return state == inspect::State::in_flight ? Style::yellow : Style::red;
}

std::string format_state(inspect::State state, const TableFormat& format) {
  return styled(format.is_coloured ? style_of(state) : Style::plain, inspect::to_string(state));
}

Row row(const inspect::Attachment& attachment, const TableFormat& format) {
  const auto& container = attachment.identity.container;
  return {attachment.identity.network,
          format.is_wide ? container : format_container(container),
          or_dash(attachment.identity.interface),
          format.is_wide ? or_dash(attachment.netns) : format_namespace(attachment.netns),
          or_dash(attachment.mode),
          or_dash(text::joined(texts(attachment.addresses), " ")),
          format_other_end(attachment),
          or_dash(text::joined(attachment.ports, " ")),
          format_age(attachment.age),
          format_state(attachment.state, format)};
}

void drop_column(std::vector<Row>& rows, std::size_t column) {
  for (auto& cells : rows) cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(column));
}

void drop_empty_columns(std::vector<Row>& rows) {
  for (std::size_t column = heading.size(); column-- > 0;) {
    const bool is_empty =
        std::all_of(rows.begin() + 1, rows.end(), [&](const Row& cells) { return cells[column] == "-"; });
    if (is_empty) drop_column(rows, column);
  }
}

/// Left out in this order while the table is wider than the terminal. `vethctl show` prints them.
constexpr std::array<std::string_view, 4> optional_columns{"NAMESPACE", "AGE", "MODE", "OTHER END"};

std::size_t column_of(const Row& titles, std::string_view title) {
  return static_cast<std::size_t>(std::ranges::find(titles, title) - titles.begin());
}

/// The other end of a pair between two namespaces matters as much as the first one.
bool is_optional(std::string_view title, const std::vector<inspect::Attachment>& attachments) {
  const auto is_cable = [](const inspect::Attachment& attachment) { return !attachment.peer_netns.empty(); };
  return title != "OTHER END" || std::ranges::none_of(attachments, is_cable);
}

void drop_optional_columns(std::vector<Row>& rows, const std::vector<inspect::Attachment>& attachments,
                           std::size_t width) {
  for (const auto title : optional_columns) {
    if (width_of_table(rows) <= width) return;
    const auto column = column_of(rows.front(), title);
    if (column < rows.front().size() && is_optional(title, attachments)) drop_column(rows, column);
  }
}

}  // namespace

std::string list(const std::vector<inspect::Attachment>& attachments, const TableFormat& format) {
  if (attachments.empty()) return format.has_headings ? "no attachments\n" : "";
  std::vector<Row> rows{heading};
  for (const auto& attachment : attachments) rows.push_back(row(attachment, format));
  drop_empty_columns(rows);
  if (!format.is_wide) drop_optional_columns(rows, attachments, format.width);
  const auto addresses = column_of(rows.front(), "ADDRESSES");
  const auto wrapped_last = addresses < rows.front().size() ? std::optional{addresses} : std::nullopt;
  return formatted_table(std::move(rows), format, wrapped_last);
}

}  // namespace report
