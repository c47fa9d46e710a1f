#include "integration/support/outside_host.hpp"

#include "integration/support/iproute.hpp"
#include "integration/support/sysctl.hpp"

namespace support {
namespace {

/// Without duplicate address detection, also of the link-local address: forwarded packets would wait for it.
void configure(const Namespace& netns, const std::string& interface, std::string (*address)(int family)) {
  set_sysctl(netns, "ipv6/conf/" + interface + "/accept_dad", "0");
  run_ip(netns, {"address", "add", address(4) + "/24", "dev", interface});
  run_ip(netns, {"address", "add", address(6) + "/64", "dev", interface});
  run_ip(netns, {"link", "set", interface, "up"});
}

/// The kernel makes an IPv6 address usable some time after `ip address add`, even without duplicate address detection.
/// The request for the link makes it process the change of carrier, so that the end that came up first no longer drops
/// packets.
void wait_until_usable(const Namespace& netns, const std::string& interface, const std::string& address) {
  while (ip(netns, {"route", "get", address}).at(0).value("type", "") != "local") {
  }
  ip(netns, {"link", "show", "dev", interface});
}

}  // namespace

OutsideHost::OutsideHost() {
  const auto host = Namespace::host();
  run_ip(host, {"link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", netns.path()});
  configure(host, "wire0", host_address);
  configure(netns, "wire1", address);
  wait_until_usable(host, "wire0", host_address(6));
  wait_until_usable(netns, "wire1", address(6));
}

void OutsideHost::add_route(const std::string& prefix) const {
  const int family = prefix.find(':') == std::string::npos ? 4 : 6;
  run_ip(netns, {"route", "add", prefix, "via", host_address(family)});
}

}  // namespace support
