#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/version.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cni {

struct Interface {
  std::string name;
  std::string mac{};
  std::uint32_t mtu = 0;  ///< bytes; 0: not told
  std::string sandbox{};  ///< path of the network namespace; empty on the host
  std::string socket_path{};
  std::string pci_id{};

  bool operator==(const Interface&) const = default;
};

struct ResultAddress {
  std::optional<std::uint32_t> interface;  ///< index into Result::interfaces
  Prefix address{};
  std::optional<IpAddress> gateway{};

  bool operator==(const ResultAddress&) const = default;
};

/// The CNI result, in the richest form; older versions print and read less of it.
struct Result {
  std::vector<Interface> interfaces;
  std::vector<ResultAddress> addresses{};
  std::vector<Route> routes{};
  Dns dns{};

  bool operator==(const Result&) const = default;
};

/// The result in the form of `version`, indented by 4 spaces. Throws Error internal where 0.1.0 and 0.2.0 cannot say
/// it: they need an address.
std::string to_json(const Result& result, Version version);

/// A result as an IPAM delegate printed it, in whichever version it names (`assumed` where it names none). "null" is an
/// empty result. Throws Error decoding_failure, with `origin` ("the answer of host-local") in the message.
Result parse_result(std::string_view text, Version assumed, std::string_view origin);

}  // namespace cni
