#include "integration/faults/foreign_objects.hpp"

#include "integration/support/command.hpp"
#include "integration/support/nftables.hpp"
#include "integration/support/proc_network.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace faults {
namespace {

/// Both ends of the pair are on the host.
constexpr auto ip_commands =
    R"(link add other0 address 02:00:00:00:00:01 type veth peer name other1 address 02:00:00:00:00:02
link set other0 addrgenmode none up
link set other1 addrgenmode none up
address add 192.0.2.1/24 dev other0
address add 2001:db8:1::1/64 dev other0 nodad
neighbour add 192.0.2.2 lladdr 02:00:00:00:00:03 dev other0
route add 198.51.100.0/24 via 192.0.2.2 dev other0
route add 2001:db8:2::/48 via 2001:db8:1::2 dev other0
route add default via 192.0.2.2 dev other0 table 77
rule add from 192.0.2.0/24 lookup 77 priority 1000
)";

constexpr auto rules = R"(table inet other {
  set ports { type inet_service; elements = { 1, 2 } }
  chain forward { type filter hook forward priority 5; policy accept; tcp dport @ports drop; }
}
)";

/// The kernel adds IPv6 routes some time after the addresses and links that cause them.
bool has_all_routes() {
  constexpr std::array expected{
      "20010db8000100000000000000000001 80 00000000000000000000000000000000 00000000 80200001 other0",
      "ff000000000000000000000000000000 08 00000000000000000000000000000000 00000100 00000001 other0",
      "ff000000000000000000000000000000 08 00000000000000000000000000000000 00000100 00000001 other1"};
  const auto lines = support::proc_network();
  return std::ranges::all_of(expected, [&](const char* route) {
    return std::ranges::any_of(lines, [&](const std::string& line) { return line.ends_with(route); });
  });
}

}  // namespace

void create_foreign_objects() {
  const auto outcome = support::run({.argv = {"ip", "-batch", "-"}, .input = ip_commands});
  if (outcome.exit != 0) throw std::runtime_error("cannot create foreign objects: " + outcome.err);
  support::load_ruleset(rules);
  constexpr int tries = 2000;
  for (int attempt = 0; !has_all_routes(); ++attempt) {
    if (attempt == tries) throw std::runtime_error("the IPv6 routes of the foreign objects are missing");
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace faults
