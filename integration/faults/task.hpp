#pragma once

#include "integration/faults/report.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace faults {

/// Work that runs in a process of its own, on nodes that it makes.
struct Task {
  std::string kind;
  std::string subject;
  std::function<void(Report&)> work;
};

/// Runs the tasks, `at_once` at a time, each in a process of its own. Calls `on_task` for each task that has ended, and
/// `on_subject` when the last task of a subject has ended. An exception of a task, or a signal that ends it, is
/// reported as a failure. Must be called while the process has one thread.
std::vector<Report> run_tasks(const std::vector<Task>& tasks, std::size_t at_once,
                              const std::function<void(const Report&)>& on_task,
                              const std::function<void(const Report&)>& on_subject);

}  // namespace faults
