#pragma once

#include "plugin/cni/address.hpp"

#include <optional>
#include <vector>

namespace vethctl {

/// The addresses of the two ends of a cable.
struct CableAddresses {
  std::vector<cni::Prefix> one{};
  std::vector<cni::Prefix> other{};

  bool operator==(const CableAddresses&) const = default;
};

/// The first two addresses of both families in the first pair of networks that overlaps none of `taken`:
/// 192.168.10.0/24 and fd00:192:168:10::/64, then those with 11, up to 254. nullopt where all are taken.
std::optional<CableAddresses> choose_addresses(const std::vector<cni::Prefix>& taken);

/// For each address the first other one of its network; none for /32 and /128.
std::vector<cni::Prefix> counterparts_of(const std::vector<cni::Prefix>& addresses);

}  // namespace vethctl
