#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/vethctl/inspect/node.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace report {

/// The addresses of one range of a network.
struct RangeUse {
  std::uint64_t used = 0;
  cni::AddressBits free = 0;

  bool operator==(const RangeUse&) const = default;
};

/// The values that are exported.
struct Metrics {
  std::set<std::string> networks{};                                               ///< configured or in use
  std::map<std::pair<std::string, inspect::State>, std::uint64_t> attachments{};  ///< how many; absent: none
  std::map<std::pair<std::string, std::string>, RangeUse> ranges{};  ///< by network and range, "10.1.2.2-10.1.2.254"
  std::chrono::seconds oldest_stale{};                               ///< age; 0: none

  bool operator==(const Metrics&) const = default;
};

/// The text format of Prometheus, version 0.0.4.
std::string prometheus(const Metrics& metrics);

/// An object with the same values.
std::string json(const Metrics& metrics);

}  // namespace report
