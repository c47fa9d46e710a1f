#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inspect {

/// How much a finding matters.
enum class Severity {
  fault,    ///< something does not work
  warning,  ///< something is left over, or may come not to work
  note,     ///< something is so; nothing has to be done
};

std::string_view to_string(Severity severity);

/// One thing that is not well on the node.
struct Finding {
  Severity severity = Severity::fault;
  std::string what{};
  std::vector<std::string> where{};  ///< attachments (NETWORK/CONTAINER/INTERFACE), files, chains; empty: the node
  std::string remedy{};              ///< what to do about it

  bool operator==(const Finding&) const = default;
};

}  // namespace inspect
