#pragma once

namespace faults {

/// Puts on a new node what belongs to somebody else, and must never be touched: a veth pair with addresses, neighbours
/// and routes, a rule with a table of its own, and a table of nftables. Of its addresses 192.0.2.1 is one of the
/// host's.
void make_strangers();

}  // namespace faults
