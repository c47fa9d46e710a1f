#include "integration/support/outside.hpp"

#include "integration/support/iproute.hpp"
#include "integration/support/sysctl.hpp"

namespace support {
namespace {

/// Without duplicate address detection, of the link-local address too: what is forwarded has to wait for that.
void attach(const Namespace& place, const std::string& interface, std::string (*address)(int family)) {
  set_sysctl(place, "ipv6/conf/" + interface + "/accept_dad", "0");
  change_ip(place, {"address", "add", address(4) + "/24", "dev", interface});
  change_ip(place, {"address", "add", address(6) + "/64", "dev", interface});
  change_ip(place, {"link", "set", interface, "up"});
}

/// The kernel makes an IPv6 address usable some time after `ip address add`, all the same. Asked about a link, it stops
/// dropping what leaves by the end that was up first.
void settle(const Namespace& place, const std::string& interface, const std::string& address) {
  while (ip(place, {"route", "get", address}).at(0).value("type", "") != "local") {
  }
  ip(place, {"link", "show", "dev", interface});
}

}  // namespace

Outside::Outside() {
  const auto host = Namespace::host();
  change_ip(host, {"link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", netns.path()});
  attach(host, "wire0", host_address);
  attach(netns, "wire1", address);
  settle(host, "wire0", host_address(6));
  settle(netns, "wire1", address(6));
}

void Outside::learn_route(const std::string& prefix) const {
  const int family = prefix.find(':') == std::string::npos ? 4 : 6;
  change_ip(netns, {"route", "add", prefix, "via", host_address(family)});
}

}  // namespace support
