#include "plugin/posix/privileges.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace posix {
namespace {

std::uint32_t effective_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  ::syscall(SYS_capget, &header, sets.data());
  return sets[0].effective;
}

/// Only the initial user namespace maps all IDs (user_namespaces(7)).
bool is_in_user_namespace() {
  constexpr std::size_t longest = 4096;
  constexpr std::string_view all = " 4294967295\n";
  const auto map = find_content(AT_FDCWD, "/proc/self/uid_map", longest);
  return map && !map->empty() && !map->ends_with(all);
}

}  // namespace

Privileges read_privileges() {
  Privileges privileges{.is_root = ::geteuid() == 0, .is_in_user_namespace = is_in_user_namespace()};
  const auto effective = effective_capabilities();
  for (const auto& [number, name] :
       {std::pair{CAP_NET_ADMIN, "CAP_NET_ADMIN"}, std::pair{CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}}) {
    const bool has_capability = (effective >> static_cast<unsigned>(number) & 1U) != 0;
    if (!has_capability) privileges.missing.emplace_back(name);
  }
  return privileges;
}

std::string advice_for(const Privileges& privileges) {
  if (!privileges.missing.empty()) {
    const auto what = "the process lacks " + text::joined(privileges.missing, " and ") + ": ";
    return what + (privileges.is_root ? "run it with these capabilities (in a container: --cap-add or --privileged)"
                                      : "run it as root, for example with sudo");
  }
  if (!privileges.is_in_user_namespace) return {};
  return "root of a user namespace may change only network namespaces and files that belong to this user namespace: "
         "create them inside of it (unshare --user --map-root-user --net --mount), or run it as root of the machine";
}

std::string privilege_advice(const std::error_code& error) {
  const bool is_denied = error == std::errc::permission_denied || error == std::errc::operation_not_permitted;
  return is_denied ? advice_for(read_privileges()) : std::string{};
}

}  // namespace posix
