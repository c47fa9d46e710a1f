#pragma once

#include "integration/benchmark/timed_program.hpp"
#include "integration/support/namespace.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace benchmark {

using nlohmann::json;

/// One entry of a network configuration list.
struct Plugin {
  std::vector<std::string> argv;
  json config = nullptr;
};

/// What is measured: a list of plugins, which are called one after the other as by libcni.
struct Subject {
  std::string name;
  std::vector<Plugin> plugins;
};

/// The name of its network.
std::string network_of(const Subject& subject);

/// The interface of a container on a node.
struct ContainerInterface {
  const support::Namespace& node;
  const support::Namespace& container;
  std::string id = {};
  std::string interface = "eth0";
};

/// One call of one plugin; its config is passed as it is.
Program call_of(const std::string& command, const Plugin& plugin, const ContainerInterface& target);

/// A subject for one interface. Each call returns the sum of the durations of its plugins in milliseconds, without the
/// time between them. Throws like run_timed. Afterwards the calling thread is in the node's namespace.
class Attachment {
 public:
  Attachment(Subject subject, ContainerInterface target) : subject_(std::move(subject)), target_(std::move(target)) {}

  double add();
  double check() const;
  double del() const;

  const std::string& name() const { return subject_.name; }
  const Subject& subject() const { return subject_; }
  const ContainerInterface& target() const { return target_; }
  /// The result of the last ADD.
  const json& result() const { return result_; }

 private:
  double call(const std::string& command, const Plugin& plugin) const;

  Subject subject_;
  ContainerInterface target_;
  json result_ = nullptr;
};

}  // namespace benchmark
