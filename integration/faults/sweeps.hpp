#pragma once

#include "integration/faults/task.hpp"

#include <chrono>
#include <string>
#include <vector>

// Each gives the tasks of one kind.
namespace faults {

struct Setting {
  bool is_short = false;              ///< a sample of what there is
  std::string strangers_folder = {};  ///< one that another user owns; empty: there can be none
  std::chrono::minutes soak{10};      ///< how long the storm of that kind goes on
};

/// SIGKILL at every system call of ADD, DEL, CHECK and GC, and each way of going on after it.
std::vector<Task> kills(const Setting& setting);

/// Every system call of ADD and DEL fails with each of the usual errors, and those of CHECK and GC with one of them.
std::vector<Task> errors(const Setting& setting);

/// Memory, room or descriptors run out in the middle of ADD and DEL, and do not come back.
std::vector<Task> shortages(const Setting& setting);

/// The kernel refuses each netlink message of ADD, DEL, CHECK and GC.
std::vector<Task> refusals(const Setting& setting);

/// The container's namespace goes away at every system call of ADD and DEL.
std::vector<Task> deaths(const Setting& setting);

/// Standard streams that are closed, full, cut or without end.
std::vector<Task> streams(const Setting& setting);

/// A state folder that is damaged, full, read-only, planted or gone.
std::vector<Task> damages(const Setting& setting);

/// Another plugin of the chain fails behind ours, and no DEL ever comes.
std::vector<Task> chains(const Setting& setting);

/// Many calls of all verbs at once, and a range that is nearly full under them.
std::vector<Task> storms(const Setting& setting);

/// The storm for as long as it is wanted.
std::vector<Task> soaks(const Setting& setting);

/// The disk as it is after a power cut. Needs the machine's root, since it mounts a file system.
std::vector<Task> power_cuts(const Setting& setting);

}  // namespace faults
