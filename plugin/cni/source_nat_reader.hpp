#pragma once

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/network_config.hpp"

#include <string_view>

namespace cni {

/// Reads the keys of ptp, bridge and portmap for source NAT: ipMasq, ipMasqExcept, snat, masqAll. Throws Error
/// unsupported_field for keys that need iptables, packet marks or rules in the syntax of iptables or nft. Under the
/// name of a reference plugin it reads only the keys of that plugin, and accepts each ipMasqBackend.
SourceNat read_source_nat(JsonObject& network, const Dialect& dialect = {});

/// Throws Error invalid_config for a backend that the reference plugins do not have. Either of theirs has the same
/// effect here: the rules are in this plugin's table.
void check_backend(JsonObject& network, std::string_view key);

}  // namespace cni
