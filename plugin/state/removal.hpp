#pragma once

#include <string>

namespace state {

/// Removes below `root` the folder of this boot and this network namespace, and those that nobody uses any more; then
/// the root, if nothing is left in it. Only for a folder in which no attachment has a record. Returns false if the root
/// does not exist. Throws std::system_error, and cni::Error system_refused as Folder::find() does.
bool remove_folders(const std::string& root);

}  // namespace state
