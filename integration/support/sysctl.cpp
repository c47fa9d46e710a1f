#include "integration/support/sysctl.hpp"

#include "plugin/posix/files.hpp"

#include <fstream>

namespace support {

// /proc/sys/net shows the namespace of the thread that reads it.
void set_sysctl(const Namespace& netns, const std::string& name, const std::string& value) {
  in(netns, [&] { posix::write_value("/proc/sys/net/" + name, value); });
}

std::string sysctl_of(const Namespace& netns, const std::string& name) {
  return in(netns, [&] {
    std::string value;
    std::getline(std::ifstream{"/proc/sys/net/" + name}, value);
    return value;
  });
}

}  // namespace support
