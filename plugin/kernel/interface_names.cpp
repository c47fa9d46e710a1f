#include "plugin/kernel/interface_names.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <linux/netlink.h>

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

}  // namespace kernel
