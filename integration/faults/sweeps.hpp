#pragma once

#include "integration/faults/task.hpp"

#include <vector>

// Each gives the tasks of one kind: in the short form a sample of them.
namespace faults {

/// SIGKILL at every system call of ADD, DEL, CHECK and GC, and each way of going on after it.
std::vector<Task> kills(bool is_short);

/// Every system call of ADD and DEL fails with each of the usual errors.
std::vector<Task> errors(bool is_short);

}  // namespace faults
