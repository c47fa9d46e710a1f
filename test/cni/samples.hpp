#pragma once

#include <map>
#include <string>
#include <vector>

namespace cni {

/// One call of a reference plugin as a real runtime made it: test/cni/samples, one JSON object a line.
struct Sample {
  std::string plugin;
  std::map<std::string, std::string> environment;
  std::string input;
  std::string output;
};

/// All samples; a test that finds none fails.
std::vector<Sample> read_samples();

}  // namespace cni
