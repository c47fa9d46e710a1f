#pragma once

#include "integration/faults/networks.hpp"
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/namespace.hpp"
#include "integration/support/snapshot.hpp"

#include <functional>
#include <string>

namespace faults {

/// Makes a new node and calls `prepare` on it. Returns the ID of the first container, so that it can initialize that
/// container.
std::string set_up_node(const std::function<void()>& prepare);

/// A new node with a network, one container, optionally another attached container, and objects of other software. A
/// process has one scenario at a time.
class Scenario {
 public:
  enum class OtherContainer { absent, attached };

  explicit Scenario(const Network& network, OtherContainer other_container = OtherContainer::absent);

  /// The call that a runtime would make now, for the container. GC names only the other container as valid.
  support::Call call(const std::string& verb) const;

  /// Makes the call. Keeps the result of an ADD for later calls.
  support::Answer perform(const std::string& verb);
  support::FaultOutcome perform(const std::string& verb, const support::Fault& fault);
  /// By a shell with these commands, which run the plugin as "$0".
  support::Answer perform_in_shell(const std::string& verb, const std::string& commands);

  /// Makes the call. Throws std::runtime_error if it fails.
  void perform_or_throw(const std::string& verb);

  /// Removes the namespace of the container; later calls still name it.
  void remove_namespace();

  /// Whether another ADD must be refused: the container is attached, and its ADD was answered.
  bool must_refuse_add() const;

  /// What has changed since before the first call for the container; for the other container, whether its CHECK
  /// succeeds. Empty: nothing.
  std::string changes() const;

  /// The whole state of the node, the container and the peer's namespace, and the result of the ADD. It is equal for
  /// two scenarios with the same network and the same calls.
  support::Snapshot full_snapshot() const;

 private:
  support::Call call_for(const std::string& verb, const std::string& container) const;
  void keep_result(const std::string& verb, const support::Answer& answer);
  support::Snapshot take_snapshot() const;
  support::Snapshot stable_snapshot() const;
  support::Snapshot snapshot_of_empty_node() const;
  std::string check_other_container() const;
  void mask_random_mac(support::Snapshot& snapshot) const;

  const Network& network_;
  support::Container container_;
  support::Container other_container_;
  support::Namespace peer_;
  bool has_other_container_;
  nlohmann::json result_;
  nlohmann::json result_of_other_;
  support::Snapshot before_;
};

}  // namespace faults
