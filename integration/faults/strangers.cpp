#include "integration/faults/strangers.hpp"

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

/// Both ends on the host: nothing that the other end could say matters.
constexpr auto network =
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

/// The kernel adds the routes of IPv6 some time after the addresses and links that they come from.
bool has_settled() {
  constexpr std::array wanted{
      "20010db8000100000000000000000001 80 00000000000000000000000000000000 00000000 80200001 other0",
      "ff000000000000000000000000000000 08 00000000000000000000000000000000 00000100 00000001 other0",
      "ff000000000000000000000000000000 08 00000000000000000000000000000000 00000100 00000001 other1"};
  const auto lines = support::proc_network();
  return std::ranges::all_of(wanted, [&](const char* route) {
    return std::ranges::any_of(lines, [&](const std::string& line) { return line.ends_with(route); });
  });
}

}  // namespace

void make_strangers() {
  const auto outcome = support::run({.argv = {"ip", "-batch", "-"}, .input = network});
  if (outcome.exit != 0) throw std::runtime_error("cannot make what belongs to others: " + outcome.err);
  support::load_ruleset(rules);
  constexpr int tries = 2000;
  for (int time = 0; !has_settled(); ++time) {
    if (time == tries) throw std::runtime_error("the routes of others do not come");
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace faults
