#include "integration/support/sysctl.hpp"

#include "plugin/posix/files.hpp"

namespace support {

// /proc/sys/net shows the namespace of whoever looks.
void set_sysctl(const Namespace& place, const std::string& name, const std::string& value) {
  in(place, [&] { posix::write_value("/proc/sys/net/" + name, value); });
}

}  // namespace support
