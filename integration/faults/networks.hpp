#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace faults {

/// A network as a subject of faults: every mode, bare and with all that can be added to it. cniVersion 1.1.0, both
/// families.
struct Network {
  std::string name;
  nlohmann::json config;
};

const std::vector<Network>& networks();

/// The one of this name.
const Network& network(const std::string& name);

/// Name of the namespace for the other end in mode netns.
constexpr auto peer_name = "peer";

}  // namespace faults
