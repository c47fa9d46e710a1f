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
  /// `prepare` is called on the empty node.
  explicit Household(const std::function<void()>& prepare);

  /// The state folder of this node, and the record of a container in it.
  static std::string folder();
  static std::string record(const std::string& container);

  /// What is wrong with what the plugin does from now on: no address of "a" or "b" may be given to "c", and DEL of "a"
  /// has to free the network, whether it succeeds or not. Empty where all is well.
  std::string live_on();

  /// The damage is mended by now: each DEL succeeds, and with GC nothing is left.
  std::string end();

 private:
  std::string add_another();

  support::Container a_;
  support::Container b_;
  support::Container c_;
  support::Snapshot before_;
  nlohmann::json result_a_;
  nlohmann::json result_b_;
};

}  // namespace faults
