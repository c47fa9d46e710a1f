#include "integration/faults/strangers.hpp"

#include "integration/support/command.hpp"
#include "integration/support/nftables.hpp"

#include <stdexcept>

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

}  // namespace

void make_strangers() {
  const auto outcome = support::run({.argv = {"ip", "-batch", "-"}, .input = network});
  if (outcome.exit != 0) throw std::runtime_error("cannot make what belongs to others: " + outcome.err);
  support::load_ruleset(rules);
}

}  // namespace faults
