#pragma once

#include "plugin/vethctl/inspect/detail.hpp"
#include "plugin/vethctl/inspect/finding.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <string>
#include <vector>

namespace report {

/// What the page of a node contains.
struct Page {
  inspect::Node node;
  std::vector<inspect::Detail> details{};  ///< of each attachment of the node, in the same order
  std::vector<inspect::Finding> findings{};
  std::string created{};  ///< the time, as text

  bool operator==(const Page&) const = default;
};

/// The node as one HTML file: the attachments in boxes by bridge, with search and filters, and with the findings at the
/// attachments that they concern. Text from outside is only in the text of elements and in quoted attributes, never in
/// the script; a Content-Security-Policy forbids other scripts and all network access.
std::string html(const Page& page);

}  // namespace report
