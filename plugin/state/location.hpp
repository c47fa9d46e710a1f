#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <optional>
#include <string>
#include <string_view>

// The path and the owner of the state folder of this boot and this network namespace.
namespace state {

/// "<boot id>-<cookie of the network namespace of this process>". Throws std::system_error.
std::string folder_name();

/// Whether `name` is a folder name of another boot than `own`.
bool belongs_to_another_boot(std::string_view name, std::string_view own);

/// Opens the directory `name` in `parent`; nullopt if it does not exist. Throws cni::Error system_refused if
/// users other than the effective user can change it; `path` is its path for the message.
std::optional<posix::FileDescriptor> find_private_directory(int parent, const std::string& name,
                                                            const std::string& path);

/// The same for a path from a configuration. Its parent directories may belong to other users, so no part of it may be
/// a symlink.
std::optional<posix::FileDescriptor> find_private_path(const std::string& path);

/// Throws cni::Error system_refused if `name` in `parent` is a symlink, or a directory that users other than the
/// effective user can change. Accepts a missing file and other kinds of files.
void require_private(int parent, const std::string& parent_path, const std::string& name);

/// As find_private_directory, but creates the directory if it is missing.
posix::FileDescriptor make_private_directory(int parent, const std::string& name, const std::string& path);

/// Creates the parent directories of `path` with mode 0700. Throws std::system_error.
void make_parents(const std::string& path);

/// Removes the file, link or directory with its content. Follows no links, and fails for more than 8 levels. Throws
/// std::system_error.
void remove_tree(int parent, const std::string& name);

/// Removes from a root the folders of other boots, and those of this boot whose network namespace is gone and in which
/// no lock is held. Ignores errors.
void remove_unused_folders(int root, std::string_view own);

/// Writes into a folder of our network namespace by what is_gone() finds the namespace: its inode number. Ignores
/// errors: a folder without it is removed after the next boot.
void mark_namespace(int folder);

}  // namespace state
