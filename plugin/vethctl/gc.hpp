#pragma once

#include "plugin/kernel/kernel.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/vethctl/command.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vethctl {

/// Gives back what is provably dead in one network, or in all, and tells what it was. A dry run only tells.
std::vector<state::Record> drop_dead(std::vector<state::Folder>& folders, const std::optional<std::string>& network,
                                     kernel::Kernel& kernel, bool is_dry_run);

/// The networks of a folder in ascending order, or the wanted one, where it is there.
std::vector<std::string> networks_of(const state::Folder& folder, const std::optional<std::string>& wanted);

/// "10.1.2.2, fd00::2", or "no address".
std::string addresses_text(const state::Record& record);

/// Gives back what is provably dead (verbs/reclaim.hpp) in one network, or in all, and prints what it was.
int gc(const Arguments& arguments, const Console& console, kernel::Kernel& kernel);

}  // namespace vethctl
