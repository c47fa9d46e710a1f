#pragma once

#include "plugin/cni/dialect.hpp"
#include "plugin/cni/process.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// One executable has the roles of several plugins. The name under which it was started selects the role: a hard link
// named "bridge" is a drop-in replacement of the reference plugin "bridge".
namespace roles {

using Print = std::function<void(std::string_view)>;

struct Role {
  std::string_view name;   ///< of the executable: the type in a network configuration
  cni::Dialect dialect{};  ///< the keys and defaults of its network configuration

  /// Serves one call and prints its result. Throws cni::Error and std::system_error.
  void (*serve)(const Role& role, cni::Call call, const Print& print) = nullptr;

  /// Of a role with another protocol than CNI: serves the process with its arguments, and returns the exit status.
  int (*serve_process)(const std::vector<std::string>& arguments, std::string_view version,
                       const cni::Streams& streams) = nullptr;
};

/// The role for the path or name by which the program was started (argv[0]): that of the file name; "veth" for a name
/// without a role.
const Role& role_of(std::string_view program);

}  // namespace roles
