#include "plugin/kernel/loopback.hpp"

#include "plugin/kernel/links.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/observer.hpp"
#include "plugin/posix/system_error.hpp"

#include <cerrno>

namespace kernel {
namespace {

NetlinkSocket socket_of(const Namespace& container) {
  const auto host_netns = open_own_namespace();
  return open_socket_inside(container.file.get(), host_netns.get());
}

}  // namespace

void set_loopback(const Namespace& container, bool up) {
  auto socket = socket_of(container);
  socket.send_or_throw(up ? bring_up(loopback_index, "lo") : bring_down(loopback_index, "lo"));
}

Loopback observe_loopback(const Namespace& container) {
  auto socket = socket_of(container);
  const auto link = first_link(socket.send_or_throw(get_link(loopback_index)));
  if (!link) throw posix::system_error(ENODEV, "get link \"lo\"");
  return {link->is_up, observe_addresses(socket, "lo", loopback_index)};
}

}  // namespace kernel
