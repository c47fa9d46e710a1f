#include "integration/faults/networks.hpp"

#include "integration/support/networks.hpp"

#include <algorithm>
#include <stdexcept>

namespace faults {
namespace {

using nlohmann::json;

json bare(const std::string& mode) {
  auto config = support::dual_stack();
  config["cniVersion"] = "1.1.0";
  config["mode"] = mode;
  return config;
}

json bridge() {
  auto config = bare("bridge");
  config["isDefaultGateway"] = true;
  config["ipam"].erase("routes");
  return config;
}

json cable() {
  auto config = bare("netns");
  config["peer"] = {{"netns", std::string{"/run/netns/"} + peer_name},
                    {"addresses", {"10.1.2.1/24", "fd00:1:2::1/64"}}};
  config["ipam"].erase("routes");
  return config;
}

json with_everything(json config) {
  constexpr int megabit = 1'000'000;
  config["ipMasq"] = true;
  config["portMappings"] = {{{"hostPort", 8080}, {"containerPort", 80}, {"protocol", "tcp"}},
                            {{"hostPort", 5353}, {"containerPort", 53}, {"protocol", "udp"}}};
  config["bandwidth"] = {{"ingressRate", 100 * megabit}, {"egressRate", 100 * megabit}};
  config["sysctl"] = {{"net.core.somaxconn", "512"}};
  if (config.at("mode") == "bridge") config["macspoofchk"] = true;
  return config;
}

}  // namespace

const std::vector<Network>& networks() {
  static const std::vector<Network> all{{"ptp", bare("ptp")},
                                        {"ptp with everything", with_everything(bare("ptp"))},
                                        {"bridge", bridge()},
                                        {"bridge with everything", with_everything(bridge())},
                                        {"netns", cable()}};
  return all;
}

const Network& network(const std::string& name) {
  const auto found = std::ranges::find(networks(), name, &Network::name);
  if (found == networks().end()) throw std::invalid_argument("no network is called \"" + name + "\"");
  return *found;
}

}  // namespace faults
