#pragma once

#include "plugin/attachment/teardown.hpp"
#include "plugin/wiring/footprint.hpp"

#include <functional>
#include <string_view>

namespace attachment {

/// Tears down what a failed ADD has left: everything in its footprint at that moment. Only what this ADD has made is in
/// there.
class Rollback {
 public:
  /// All have to outlive it; `plugin` is the name to report under.
  Rollback(std::string_view plugin, const wiring::Footprint& footprint, const Node& node)
      : plugin_(plugin), footprint_(footprint), node_(node) {}

  /// Runs the steps. Where they throw a std::exception after arm(), tears down, and throws it on. kernel::CannotReturn
  /// is no std::exception: nothing is removed in the wrong namespace.
  void protect(const std::function<void()>& steps);

  /// From now on there is something to take back; a delegate's addresses by `ipam`, null: none.
  void arm(ipam::Ipam* ipam) {
    is_armed_ = true;
    ipam_ = ipam;
  }
  /// Nothing is left to take back.
  void disarm() { is_armed_ = false; }

 private:
  void take_back() const;

  std::string_view plugin_;
  const wiring::Footprint& footprint_;
  Node node_;
  ipam::Ipam* ipam_ = nullptr;
  bool is_armed_ = false;
};

}  // namespace attachment
