#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/wiring/footprint.hpp"

#include <functional>
#include <string_view>

namespace attachment {

/// Tears down the footprint of a failed ADD. The footprint contains only what this ADD has created.
class Rollback {
 public:
  /// All arguments have to outlive it. `plugin` is the name in error messages.
  Rollback(std::string_view plugin, const wiring::Footprint& footprint, const Node& node)
      : plugin_(plugin), footprint_(footprint), node_(node) {}

  /// Runs the steps. If they throw a std::exception after arm(), tears down and rethrows it.
  /// kernel::NamespaceReturnFailure is not a std::exception, so nothing is removed in the wrong namespace.
  void protect(const std::function<void()>& steps);

  /// From now on a failure is rolled back. `ipam` releases the addresses of a delegate; null: none.
  void arm(ipam::Ipam* ipam) {
    is_armed_ = true;
    ipam_ = ipam;
  }
  /// From now on nothing is rolled back.
  void disarm() { is_armed_ = false; }

 private:
  void roll_back() const;

  std::string_view plugin_;
  const wiring::Footprint& footprint_;
  Node node_;
  ipam::Ipam* ipam_ = nullptr;
  bool is_armed_ = false;
};

}  // namespace attachment
