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
  std::uint32_t mtu = 0;  ///< bytes; 0: not set
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

/// The CNI result with the members of version 1.1.0. Older versions have fewer members.
struct Result {
  std::vector<Interface> interfaces;
  std::vector<ResultAddress> addresses{};
  std::vector<Route> routes{};
  Dns dns{};

  bool operator==(const Result&) const = default;
};

/// The result in the form of `version`, indented by 4 spaces. Throws Error internal if there is no address and the
/// version is 0.1.0 or 0.2.0, which require one.
std::string to_json(const Result& result, Version version);

/// Parses the result that an IPAM delegate printed, in the version that it names, or `assumed`. "null" is an empty
/// result. Throws Error decoding_failure with `origin` ("the answer of IPAM plugin host-local") in the message.
Result parse_result(std::string_view text, Version assumed, std::string_view origin);

}  // namespace cni
