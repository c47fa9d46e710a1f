// The CNI_* variables, one a line in the order of cni::Environment, and a configuration behind them.
#include "plugin/cni/environment.hpp"
#include "plugin/cni/request.hpp"
#include "test/fuzz/input.hpp"

namespace fuzz {

void examine(std::string_view text) {
  cni::Environment environment{.command = take_line(text),
                               .container_id = take_line(text),
                               .netns = take_line(text),
                               .ifname = take_line(text),
                               .args = take_line(text),
                               .path = take_line(text)};
  const std::string config{text};
  for (const auto role : {cni::Role::plugin, cni::Role::ipam, cni::Role::loopback}) {
    is_read([&] {
      const auto request = cni::parse_request(environment, config, role);
      const auto& interface = request.attachment.interface;
      expect(interface.empty() || !cni::interface_name_fault(interface),
             "an interface has a name that the kernel takes");
      expect(request.attachment.container.find('/') == std::string::npos, "no container is a path");
    });
  }
}

}  // namespace fuzz
