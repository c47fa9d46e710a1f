#pragma once

#include "integration/faults/networks.hpp"
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/namespace.hpp"
#include "integration/support/snapshot.hpp"

#include <optional>
#include <string>

namespace faults {

/// A new node with a network, one container on it, and another one that stands beside it where that is wanted. One
/// process has one at a time.
class Scene {
 public:
  enum class Neighbour { none, stands };

  explicit Scene(const Network& network, Neighbour neighbour = Neighbour::none);

  /// A call of the verb, as the runtime would make it now: for the container, and for GC with the neighbour as the only
  /// valid one.
  support::Call call(const std::string& verb) const;

  /// Makes the call. The result of an ADD is kept for those that come after.
  support::Answer perform(const std::string& verb);
  support::Struck perform(const std::string& verb, const support::Fault& fault);
  /// By a shell with these commands, which run the plugin as "$0".
  support::Answer perform_in_shell(const std::string& verb, const std::string& commands);

  /// The namespace of the container goes away; calls still name it.
  void lose_namespace();

  /// Whether an ADD has to be refused now: the attachment stands, and is not the remains of an ADD that was ended.
  bool stands_and_was_answered() const;

  /// What is left of the container, or gone besides; empty where all is as before it came.
  std::string changes() const;

 private:
  support::Call call_for(const std::string& verb, const std::string& container) const;
  void keep_result(const std::string& verb, const support::Answer& answer);

  nlohmann::json config_;
  support::Container container_;
  support::Container neighbour_;
  support::Namespace peer_;
  bool has_neighbour_;
  nlohmann::json result_;
  support::Snapshot before_;
};

}  // namespace faults
