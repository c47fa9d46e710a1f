#pragma once

#include "integration/faults/report.hpp"
#include "integration/support/call.hpp"
#include "integration/support/snapshot.hpp"

#include <functional>
#include <string>

namespace faults {

/// A new node with a network of mode ptp, the attached containers "a" and "b", and the container "c". The caller
/// damages the state folder, checks, repairs it and checks again. A process has one scenario at a time.
class StateDamageScenario {
 public:
  enum class Failure { forbidden, allowed };

  /// `prepare` is called on the empty node. `failure`: whether ADD and DEL may fail, with an error object, while the
  /// folder is damaged.
  StateDamageScenario(const std::function<void()>& prepare, Failure failure);

  /// The address that the first ADD of "c" gets.
  static constexpr auto next_address = "10.1.2.4";
  static constexpr auto address_of_a = "10.1.2.3";

  /// "c" must not get an address of "a" or "b". DEL of "a" must leave exactly the network of "b", even if it fails.
  /// Returns what is wrong; empty: nothing.
  std::string check_while_damaged();

  /// After the repair each DEL must succeed, and DEL and GC must leave nothing. Returns what is wrong; empty: nothing.
  std::string check_after_repair();

 private:
  std::string unexpected_failure(const std::string& act, const support::Answer& answer) const;
  std::string add_and_delete_c();
  std::string network_changes() const;

  Failure failure_;
  support::Container a_;
  support::Container b_;
  support::Container c_;
  support::Snapshot before_;
  nlohmann::json result_b_;
  support::Snapshot network_of_b_;
  nlohmann::json result_a_;
};

}  // namespace faults
