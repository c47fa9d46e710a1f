#pragma once

#include <string>

// A file or folder of other software, to which a link in the state folder leads. The plugin must not change it. A node
// has at most one.
namespace faults {

/// Replaces the file or folder at the path with a symbolic link to a foreign one of the same kind. The original is
/// kept.
void replace_with_link(const std::string& path);

/// Creates a hard link to a foreign file at the path, which must not exist.
void add_hard_link(const std::string& path);

/// Restores the original, unless the plugin has replaced the link. Removes the foreign file or folder.
void restore_original();

/// What has changed in the foreign file or folder; empty: nothing.
std::string changes_of_foreign_file();

}  // namespace faults
