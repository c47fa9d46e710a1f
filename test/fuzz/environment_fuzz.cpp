// The CNI_* variables, one per line in the order of cni::Environment, followed by a network configuration.
#include "plugin/cni/environment.hpp"
#include "plugin/cni/request.hpp"
#include "test/fuzz/input.hpp"

#include <string>
#include <utility>
#include <vector>

namespace fuzz {

void check_input(std::string_view text) {
  cni::Environment environment{.command = take_line(text),
                               .container_id = take_line(text),
                               .netns = take_line(text),
                               .ifname = take_line(text),
                               .args = take_line(text),
                               .path = take_line(text)};
  const std::string config{text};
  const std::vector<std::pair<cni::Role, cni::Dialect>> readers{
      {cni::Role::plugin, {}},
      {cni::Role::ipam, {}},
      {cni::Role::loopback, {}},
      {cni::Role::plugin, {.reference_mode = cni::Mode::ptp}},
      {cni::Role::plugin, {.reference_mode = cni::Mode::bridge}},
      {cni::Role::ipam, {.ipam = cni::IpamDialect::host_local}},
      {cni::Role::ipam, {.ipam = cni::IpamDialect::fixed}}};
  for (const auto& reader : readers) {
    allow_cni_error([&] {
      const auto request = cni::parse_request(environment, config, reader.first, reader.second);
      const auto& interface = request.attachment.interface;
      expect(interface.empty() || !cni::interface_name_fault(interface),
             "the kernel accepts the name of the interface");
      expect(request.attachment.container.find('/') == std::string::npos, "a container ID contains no slash");
    });
  }
}

}  // namespace fuzz
