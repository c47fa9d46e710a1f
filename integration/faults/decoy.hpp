#pragma once

#include <string>

// Something of somebody else, to which a link in the state folder leads: it has to stay as it is. A node has one.
namespace faults {

/// Puts a symbolic link to a decoy of the same kind, folder or file, in the place of the path. What was there is kept.
void plant_link(const std::string& path);

/// Puts a hard link to a decoy at the path, where nothing is.
void plant_hard_link(const std::string& path);

/// What was there comes back, unless the plugin itself has put something there.
void remove_link();

/// What is wrong with the decoy; empty where nothing is.
std::string decoy_changes();

}  // namespace faults
