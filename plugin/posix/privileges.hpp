#pragma once

#include <string>
#include <system_error>
#include <vector>

namespace posix {

/// What decides whether this process may change networks.
struct Privileges {
  bool is_root = false;                ///< of its user namespace
  bool is_in_user_namespace = false;   ///< in another one than the initial user namespace of the machine
  std::vector<std::string> missing{};  ///< of CAP_NET_ADMIN and CAP_SYS_ADMIN

  bool operator==(const Privileges&) const = default;
};

Privileges read_privileges();

/// What is missing and what would help; empty if nothing is missing.
std::string advice_for(const Privileges& privileges);

/// As advice_for(), for the privileges of this process; empty also if the error is not EPERM or EACCES.
std::string privilege_advice(const std::error_code& error);

}  // namespace posix
