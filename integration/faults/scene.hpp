#pragma once

#include "integration/faults/networks.hpp"
#include "integration/support/call.hpp"
#include "integration/support/fault.hpp"
#include "integration/support/namespace.hpp"
#include "integration/support/snapshot.hpp"

#include <functional>
#include <string>

namespace faults {

/// Makes a node for what is made after it, prepares it, and gives the name of the first container there.
std::string on_a_new_node(const std::function<void()>& prepare);

/// A new node with a network, one container on it, another one that stands beside it where that is wanted, and things
/// of strangers. One process has one at a time.
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

  /// Has to succeed, since nothing is wrong. Throws std::runtime_error where it does not.
  void prepare(const std::string& verb);

  /// The namespace of the container goes away; calls still name it.
  void lose_namespace();

  /// Whether an ADD has to be refused now: the attachment stands, and is not the remains of an ADD that was ended.
  bool stands_and_was_answered() const;

  /// What is left of the container, or gone besides, and what has become of the neighbour; empty where all is as before
  /// the container came.
  std::string changes() const;

  /// All that is on the node, in the container and in the peer's namespace now, with the answer of the ADD. The same
  /// for any two containers that were added to equal scenes.
  support::Snapshot portrait() const;

 private:
  support::Call call_for(const std::string& verb, const std::string& container) const;
  void keep_result(const std::string& verb, const support::Answer& answer);
  support::Snapshot take() const;
  support::Snapshot settled() const;
  support::Snapshot of_an_empty_node() const;
  std::string fault_of_neighbour() const;
  void hide_random_mac(support::Snapshot& portrait) const;

  const Network& network_;
  support::Container container_;
  support::Container neighbour_;
  support::Namespace peer_;
  bool has_neighbour_;
  nlohmann::json result_;
  nlohmann::json neighbours_result_;
  support::Snapshot before_;
};

}  // namespace faults
