#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inspect {

/// In descending order.
enum class Severity {
  fault,    ///< something does not work now
  warning,  ///< something is stale, or may stop working
  note,     ///< for information; nothing has to be done
};

std::string_view to_string(Severity severity);

/// One problem of the node.
struct Finding {
  Severity severity = Severity::fault;
  std::string what{};
  std::vector<std::string> where{};     ///< attachments (NETWORK/CONTAINER/INTERFACE), files, chains; empty: the node
  std::string remedy{};                 ///< what to do
  std::vector<Finding> consequences{};  ///< problems that the remedy solves too

  bool operator==(const Finding&) const = default;
};

}  // namespace inspect
