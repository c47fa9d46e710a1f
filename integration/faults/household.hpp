#pragma once

#include "integration/faults/report.hpp"
#include "integration/support/call.hpp"
#include "integration/support/snapshot.hpp"

#include <functional>
#include <string>

namespace faults {

/// A new node with a network of mode ptp, containers "a" and "b" on it, and "c" that comes later. What befalls the
/// state folder is done between. One process has one at a time.
class Household {
 public:
  enum class Refusal { never, allowed };

  /// `prepare` is called on the empty node. `refusal`: whether ADD and DEL may say no from now on, with an error
  /// object.
  Household(const std::function<void()>& prepare, Refusal refusal);

  /// The address that the first of "c" has; it would be the next to be given out.
  static constexpr auto next_address = "10.1.2.4";
  /// That of "a".
  static constexpr auto address_of_a = "10.1.2.3";

  /// What is wrong with what the plugin does from now on: no address of "a" or "b" may be given to "c", and DEL of "a"
  /// has to leave the network of "b" and nothing else, whether it succeeds or not. Empty where all is well.
  std::string live_on();

  /// The damage is mended by now: each DEL succeeds, and with GC nothing is left.
  std::string end();

 private:
  std::string judge(const std::string& act, const support::Answer& answer) const;
  std::string add_another();
  std::string network_changes() const;

  Refusal refusal_;
  support::Container a_;
  support::Container b_;
  support::Container c_;
  support::Snapshot before_;
  nlohmann::json result_b_;
  support::Snapshot network_of_b_;
  nlohmann::json result_a_;
};

}  // namespace faults
