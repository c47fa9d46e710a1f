#pragma once

#include "integration/faults/task.hpp"

#include <chrono>
#include <string>
#include <vector>

// Each function returns the tasks of one kind of fault. README.md describes the kinds.
namespace faults {

struct Options {
  bool is_short = false;            ///< only a sample of the faults
  std::string foreign_folder = {};  ///< a folder of another user; empty: none could be made
  std::chrono::minutes soak{10};    ///< duration of the kind "soak"
};

std::vector<Task> kills(const Options& options);
std::vector<Task> errors(const Options& options);
std::vector<Task> shortages(const Options& options);
std::vector<Task> refusals(const Options& options);
std::vector<Task> namespace_removals(const Options& options);
std::vector<Task> streams(const Options& options);
std::vector<Task> state_damage(const Options& options);
std::vector<Task> chains(const Options& options);
std::vector<Task> storms(const Options& options);

/// The storm for the duration in the options.
std::vector<Task> soaks(const Options& options);

/// Needs root on the machine, because it mounts a file system.
std::vector<Task> power_cuts(const Options& options);

}  // namespace faults
