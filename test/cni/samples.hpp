#pragma once

#include <map>
#include <string>
#include <vector>

namespace cni {

/// A recorded call of a reference plugin by a real runtime: test/cni/samples, one JSON object per line.
struct Sample {
  std::string plugin;
  std::map<std::string, std::string> environment;
  std::string input;
  std::string output;
};

/// All samples. The test fails if there is none.
std::vector<Sample> read_samples();

}  // namespace cni
