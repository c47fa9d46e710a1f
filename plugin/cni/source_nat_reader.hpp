#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"

namespace cni {

/// The keys of ptp, bridge and portmap about source addresses: ipMasq, ipMasqExcept, snat, masqAll. Throws Error
/// unsupported_field for those that ask for iptables, marks, or rules in another program's words.
SourceNat read_source_nat(JsonObject& network);

}  // namespace cni
