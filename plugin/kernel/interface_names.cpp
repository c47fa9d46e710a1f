#include "plugin/kernel/interface_names.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <dirent.h>
#include <linux/netlink.h>

#include <memory>

namespace kernel {

std::vector<std::string> interface_names(const std::string& kind) {
  NetlinkSocket socket{NETLINK_ROUTE};
  std::vector<std::string> names;
  socket.dump_each(kind.empty() ? list_links() : list_links(kind), [&](const std::string& message) {
    const auto link = find_link(message);
    if (link && (kind.empty() || link->kind == kind)) names.push_back(link->name);
  });
  return names;
}

/// The kernel keeps a file of counters for each of these interfaces (snmp6_register_dev() in net/ipv6/proc.c).
std::unordered_set<std::string> interfaces_with_ipv6() {
  std::unordered_set<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir("/proc/self/net/dev_snmp6"), ::closedir};
  if (!directory) return names;
  while (const auto* entry = ::readdir(directory.get())) names.emplace(entry->d_name);
  return names;
}

}  // namespace kernel
