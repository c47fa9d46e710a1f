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

/// What is measured: a list of plugins that are called one after the other, as libcni does it.
struct Subject {
  std::string name;
  std::vector<Plugin> plugins;
};

/// What a runtime attaches, and on which node.
struct Place {
  const support::Namespace& node;
  const support::Namespace& container;
  std::string id = {};
  std::string interface = "eth0";
};

/// One call of one plugin; the config carries what it has to carry.
Program call_of(const std::string& command, const Plugin& plugin, const Place& place);

/// A subject at its place. Every call gives the milliseconds of its plugins together; what lies between them is not
/// counted. Throws as run_timed. The calling thread is on the node afterwards.
class Attachment {
 public:
  Attachment(Subject subject, Place place) : subject_(std::move(subject)), place_(std::move(place)) {}

  double add();
  double check() const;
  double del() const;

  const std::string& name() const { return subject_.name; }
  const Subject& subject() const { return subject_; }
  const Place& place() const { return place_; }
  /// Of the last ADD.
  const json& result() const { return result_; }

 private:
  double call(const std::string& command, const Plugin& plugin) const;

  Subject subject_;
  Place place_;
  json result_ = nullptr;
};

}  // namespace benchmark
