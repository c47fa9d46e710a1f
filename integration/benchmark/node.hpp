#pragma once

#include "integration/benchmark/subject.hpp"
#include "integration/support/namespace.hpp"

#include <deque>
#include <string>

namespace benchmark {

/// A network namespace that plays the host, and the containers on it. Several can stand beside each other, so that one
/// can be measured in turn with another.
class Node {
 public:
  explicit Node(const std::string& name);

  /// A new container with a namespace of its own; its name ends in a number of its own.
  Place place();
  /// The last container once more, by another name and interface.
  Place another_interface();
  /// Takes the first containers and all their interfaces away, and waits until the host has no more than `remaining`
  /// interfaces.
  void lose_containers(std::size_t count, std::size_t remaining);

  const support::Namespace& host() const { return host_; }
  std::size_t containers() const { return containers_.size(); }

 private:
  std::string name_;
  support::Namespace host_;
  std::deque<support::Namespace> containers_;  ///< places refer to them
  int number_ = 0;
};

}  // namespace benchmark
