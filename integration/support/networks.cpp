#include "integration/support/networks.hpp"

namespace support {

json veth_ipam(const std::vector<std::string>& subnets) {
  json ipam{{"type", "veth-ipam"}, {"ranges", json::array()}, {"routes", json::array()}};
  for (const auto& subnet : subnets) {
    const bool is_ipv6 = subnet.find(':') != std::string::npos;
    ipam["ranges"].push_back(json::array({{{"subnet", subnet}}}));
    ipam["routes"].push_back({{"dst", is_ipv6 ? "::/0" : "0.0.0.0/0"}});
  }
  return ipam;
}

json dual_stack() {
  return {{"cniVersion", "1.0.0"},
          {"name", "net"},
          {"type", "veth"},
          {"ipam", veth_ipam({"10.1.2.0/24", "fd00:1:2::/64"})}};
}

json ipv4_only() {
  json config = dual_stack();
  config["ipam"] = veth_ipam({"10.1.2.0/24"});
  return config;
}

json in_mode(const std::string& mode) {
  json config = dual_stack();
  config["cniVersion"] = "1.1.0";
  config["mode"] = mode;
  if (mode == "bridge") config.update({{"bridge", "br0"}, {"isGateway", true}});
  return config;
}

json small_range(const std::string& mode) {
  json config = in_mode(mode);
  config["ipam"] = veth_ipam({"10.1.2.0/28", "fd00:1:2::/64"});
  return config;
}

}  // namespace support
