#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posix {

/// Opens `path` relative to the directory `directory` (AT_FDCWD for the working directory), always with O_CLOEXEC;
/// nullopt if it does not exist. Throws std::system_error.
std::optional<FileDescriptor> find_file(int directory, const std::string& path, int flags);

/// As find_file, but throws also if the file does not exist. O_CREAT creates files with mode 0600.
FileDescriptor open_file(int directory, const std::string& path, int flags);

/// As find_file, but throws ELOOP if any part of the path is a symbolic link.
std::optional<FileDescriptor> find_without_links(int directory, const std::string& path, int flags);

/// As open_file, for an untrusted path: throws if the path leaves the directory or if any part of it is a symbolic
/// link.
FileDescriptor open_beneath(int directory, const std::string& path, int flags);

/// Reads to the end of the file. Throws std::system_error: EFBIG for more than `limit` bytes, ETIMEDOUT if the end is
/// not reached within `timeout`, even if data keeps arriving.
std::string read_to_end(int file, std::size_t limit, std::chrono::milliseconds timeout);

/// The content of a file of at most `limit` bytes; nullopt if it does not exist. Symbolic links are not followed.
/// Throws std::system_error.
std::optional<std::string> find_content(int directory, const std::string& path, std::size_t limit);

/// Writes the whole text. Throws std::system_error with `object` in the message, also for EPIPE: the process must
/// ignore SIGPIPE.
void write_all(int file, std::string_view text, const std::string& object = {});

/// Writes one value to an existing file, such as a sysctl, with one write; false if the file does not exist. Throws
/// std::system_error.
bool write_value(const std::string& path, std::string_view value);

/// Creates the folder and all missing folders above it with this mode, from which the umask is taken. It is not an
/// error if it exists. Throws std::system_error.
void create_folder(const std::string& path, mode_t mode);

/// False if the file does not exist. A symbolic link is removed itself. Throws std::system_error.
bool remove_file(const std::string& path);

}  // namespace posix
