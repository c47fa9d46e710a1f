#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/prober.hpp"
#include "plugin/vethctl/probe/test_plan.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace probe {

enum class Status {
  answered,
  refused,  ///< the packet arrived: the receiver has no program on this port
  arrived,  ///< the packet was seen in the receiver's namespace; no answer can be expected
  lost
};

enum class Cause {
  unknown,
  dropped_by_rule,    ///< Loss::drop
  interface_missing,  ///< Loss::object: its name
  interface_down,     ///< Loss::object: its name
  no_route,           ///< Loss::object: the destination
  no_address,         ///< the receiver does not have the address Loss::object
  neighbour_failed,   ///< nothing answers ARP or neighbour discovery for the address Loss::object
  forwarding_off,     ///< Loss::object: "net.ipv4.ip_forward"
  reverse_path,       ///< rp_filter of the interface Loss::object
  route_elsewhere,    ///< the host has another route to the destination: through the interface Loss::object
  rejected,           ///< by an ICMP error; Loss::object: its sender, Loss::error
  not_sent,           ///< the kernel refused to send; Loss::error
  mtu_black_hole,     ///< packets that are too large are lost; Loss::object: the interface with the smaller MTU
  unanswered,         ///< the packet arrived, but the receiver did not answer
  left_node,          ///< through the interface Loss::object
};

/// An interface that a packet passed.
struct Hop {
  std::string place{};  ///< name of an endpoint, or "host"
  std::string netns{};  ///< path of the network namespace
  std::string interface {};
  bool is_outgoing = false;
  bool is_answer = false;  ///< the answer passed, not the request

  bool operator==(const Hop&) const = default;
};

struct Loss {
  Cause cause = Cause::unknown;
  std::string place{};   ///< where the cause is: name of an endpoint, or "host"
  std::string netns{};   ///< path of the network namespace of `place`
  std::string object{};  ///< see Cause
  int error = 0;         ///< errno
  kernel::RuleDrop drop{};

  bool operator==(const Loss&) const = default;
};

struct Result {
  Test test{};
  Status status = Status::lost;
  unsigned sent = 0;
  unsigned answered = 0;
  std::chrono::microseconds round_trip{};  ///< the shortest
  std::uint32_t mtu = 0;                   ///< path_mtu: the largest IP packet that arrives
  std::uint32_t interface_mtu = 0;         ///< path_mtu: of the sender's interface
  std::optional<Loss> loss{};
  std::vector<Hop> hops{};  ///< of the last packet, in the order of time

  bool operator==(const Result&) const = default;
};

}  // namespace probe
