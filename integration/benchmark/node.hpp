#pragma once

#include "integration/benchmark/subject.hpp"
#include "integration/support/namespace.hpp"

#include <deque>
#include <string>

namespace benchmark {

/// A network namespace in the role of the host, and its containers. Several nodes can exist, so that they can be
/// measured in turn.
class Node {
 public:
  explicit Node(const std::string& name);

  /// A new container in a new namespace. Its ID ends in a unique number.
  ContainerInterface new_container();
  /// Another interface of the last container, under another container ID.
  ContainerInterface another_interface();
  /// Removes the namespaces of the first containers, and waits until the host has at most `remaining` interfaces.
  void remove_containers(std::size_t count, std::size_t remaining);

  const support::Namespace& host() const { return host_; }
  std::size_t containers() const { return containers_.size(); }

 private:
  std::string name_;
  support::Namespace host_;
  std::deque<support::Namespace> containers_;  ///< ContainerInterface refers to them
  int number_ = 0;
};

}  // namespace benchmark
