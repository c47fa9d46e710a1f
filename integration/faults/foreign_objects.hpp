#pragma once

namespace faults {

/// Creates objects of other software on a new node, which the plugin must not change: a veth pair with addresses,
/// neighbours and routes, a rule with a routing table, and an nftables table. 192.0.2.1 is one of the host's addresses
/// then.
void create_foreign_objects();

}  // namespace faults
