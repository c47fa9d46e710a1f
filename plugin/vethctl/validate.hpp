#pragma once

#include <string>
#include <vector>

namespace vethctl {

/// The result for one file, or for one plugin of a list.
struct ValidationResult {
  enum class Kind { ok, fault, warning, not_checked };

  std::string file;
  std::string pointer{};  ///< JSON pointer of the plugin in a list: "/plugins/0"
  std::string type{};     ///< type of the plugin
  Kind kind = Kind::ok;
  unsigned code = 0;  ///< CNI error code of a fault
  std::string message{};
};

/// "FILE: /plugins/0 (veth)" without the parts that are empty.
std::string location_of(const ValidationResult& remark);

/// Checks a network configuration or a list as ADD does; "-" is standard input. `cni_path`: folders in which the
/// executables of the plugins must be; empty: they are not searched for. `kind_of_missing`: that of the result for each
/// type without one. `node_program`: the executable that checks a configuration of veth-node; empty: it is not checked.
std::vector<ValidationResult> validate(const std::string& file, const std::string& cni_path = {},
                                       ValidationResult::Kind kind_of_missing = ValidationResult::Kind::fault,
                                       const std::string& node_program = {});

}  // namespace vethctl
