#include "plugin/vethctl/report/list.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace report {
namespace {

using Row = std::vector<std::string>;

const Row heading{"NETWORK",        "CONTAINER", "INTERFACE", "NAMESPACE", "MODE",
                  "HOST INTERFACE", "ADDRESSES", "PORTS",     "AGE",       "STATE"};

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

/// In mode netns the other end is not on the host.
std::string format_host_interface(const inspect::Attachment& attachment) {
  if (attachment.peer_netns.empty()) return or_dash(attachment.host_interface);
  return attachment.peer_interface + " in " + format_namespace(attachment.peer_netns);
}

Row row(const inspect::Attachment& attachment) {
  return {attachment.identity.network,
          format_container(attachment.identity.container),
          or_dash(attachment.identity.interface),
          format_namespace(attachment.netns),
          or_dash(attachment.mode),
          format_host_interface(attachment),
          or_dash(text::joined(texts(attachment.addresses), " ")),
          or_dash(text::joined(attachment.ports, " ")),
          format_age(attachment.age),
          std::string{inspect::to_string(attachment.state)}};
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
constexpr std::array<std::string_view, 5> optional_columns{"NAMESPACE", "HOST INTERFACE", "AGE", "MODE", "PORTS"};

std::size_t column_of(const Row& titles, std::string_view title) {
  return static_cast<std::size_t>(std::ranges::find(titles, title) - titles.begin());
}

void drop_expendable_columns(std::vector<Row>& rows, std::size_t width) {
  for (const auto title : optional_columns) {
    if (width_of_table(rows) <= width) return;
    const auto column = column_of(rows.front(), title);
    if (column < rows.front().size()) drop_column(rows, column);
  }
}

}  // namespace

std::string list(const std::vector<inspect::Attachment>& attachments, std::size_t width) {
  if (attachments.empty()) return "no attachments\n";
  std::vector<Row> rows{heading};
  for (const auto& attachment : attachments) rows.push_back(row(attachment));
  drop_empty_columns(rows);
  drop_expendable_columns(rows, width);
  const auto addresses = column_of(rows.front(), "ADDRESSES");
  return addresses < rows.front().size() ? table(rows, width, addresses) : table(rows, width);
}

}  // namespace report
