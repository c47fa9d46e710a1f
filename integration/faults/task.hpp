#pragma once

#include "integration/faults/report.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace faults {

/// A piece of work that has a process, and the nodes that it makes, for itself.
struct Task {
  std::string kind;
  std::string subject;
  std::function<void(Report&)> work;
};

/// Does them, `at_once` at a time, each in a process of its own, and tells of each as it ends, and of each subject when
/// the last of its tasks has ended. What a task throws, or a signal that ends it, is a failure. Has to be called while
/// the process has one thread.
std::vector<Report> do_all(const std::vector<Task>& tasks, std::size_t at_once,
                           const std::function<void(const Report&)>& tell,
                           const std::function<void(const Report&)>& tell_subject);

}  // namespace faults
