#include "plugin/kernel/socket_option.hpp"

#include "plugin/posix/system_error.hpp"

#include <sys/socket.h>

namespace kernel {

void set_option(const posix::FileDescriptor& socket, int level, int option, int value) {
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) < 0) posix::throw_errno("set up a probe socket");
}

}  // namespace kernel
