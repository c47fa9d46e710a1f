#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <optional>
#include <string>
#include <string_view>

// Where the state folder of this boot and this network namespace stands, and whose it is.
namespace state {

/// "<boot id>-<cookie of our network namespace>". Throws std::system_error.
std::string folder_name();

/// Whether `name` is a folder name of another boot than that of `own`.
bool is_of_another_boot(std::string_view name, std::string_view own);

/// Opens the directory `name` of `parent`; nullopt where nothing of that name is there. Throws Error system_refused
/// where it is not the effective user's alone; `path` says where it is.
std::optional<posix::FileDescriptor> find_private_directory(int parent, const std::string& name,
                                                            const std::string& path);

/// The same for a path that comes from a configuration: others may own what it stands in, so that no part of it may be
/// a symbolic link.
std::optional<posix::FileDescriptor> find_private_path(const std::string& path);

/// Throws Error system_refused where `name` of `parent` is a symbolic link, or a directory that is not the effective
/// user's alone. What is not there, or is no directory, is let be.
void refuse_planted(int parent, const std::string& parent_path, const std::string& name);

/// As find_private_directory, but makes the directory where it is missing.
posix::FileDescriptor make_private_directory(int parent, const std::string& name, const std::string& path);

/// Makes the directories that `path` stands in, 0700 each. Throws std::system_error.
void make_parents(const std::string& path);

/// Removes the file, link or directory with all that is in it; follows no link and goes 8 levels deep. Throws
/// std::system_error.
void remove_tree(int parent, const std::string& name);

/// Removes the folders of other boots from a root. Best effort: what cannot be removed stays.
void remove_other_boots(int root, std::string_view own);

}  // namespace state
