#pragma once

#include "plugin/kernel/inspector.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// Prints metrics of the node for Prometheus, or writes them to a file.
int metrics(const Arguments& arguments, const Console& console, kernel::Inspector& inspector);

/// Ranges of a configured network without a free address: an ADD.
struct FullRanges {
  std::string network;
  std::string ranges;  ///< "10.1.2.2-10.1.2.254"
  std::string pool{};  ///< of which the ranges are the blocks of this node; empty: none
};
std::vector<FullRanges> find_full_ranges(const std::string& conf_dir, const std::vector<state::Folder>& folders);

}  // namespace vethctl
