#include "integration/support/sysctl.hpp"

#include "plugin/posix/files.hpp"

#include <fstream>

namespace support {

// /proc/sys/net shows the namespace of whoever looks.
void set_sysctl(const Namespace& place, const std::string& name, const std::string& value) {
  in(place, [&] { posix::write_value("/proc/sys/net/" + name, value); });
}

std::string sysctl_of(const Namespace& place, const std::string& name) {
  return in(place, [&] {
    std::string value;
    std::getline(std::ifstream{"/proc/sys/net/" + name}, value);
    return value;
  });
}

}  // namespace support
