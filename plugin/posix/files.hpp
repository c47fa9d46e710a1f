#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace posix {

/// Opens `path` relative to the directory `directory` (AT_FDCWD for the working directory), always O_CLOEXEC; nullopt
/// where nothing of that name is there. Throws std::system_error.
std::optional<FileDescriptor> find_file(int directory, const std::string& path, int flags);

/// As find_file, but throws also where nothing is there. With O_CREAT files are made 0600.
FileDescriptor open_file(int directory, const std::string& path, int flags);

/// As find_file, but throws ELOOP where any part of the path is a symbolic link.
std::optional<FileDescriptor> find_without_links(int directory, const std::string& path, int flags);

/// As open_file, for a path that comes from outside: it stays beneath the directory, and no part of it is a symbolic
/// link.
FileDescriptor open_beneath(int directory, const std::string& path, int flags);

/// Reads to the end. Throws std::system_error; EFBIG past `limit` bytes, ETIMEDOUT where the other end has not closed
/// after `patience`, however much it wrote.
std::string read_to_end(int file, std::size_t limit, std::chrono::milliseconds patience);

/// The content of a file of at most `limit` bytes; nullopt where it does not exist. Throws std::system_error.
std::optional<std::string> find_content(int directory, const std::string& path, std::size_t limit);

/// Writes everything. Throws std::system_error, EPIPE included: SIGPIPE has to be ignored by the process.
void write_all(int file, std::string_view text);

/// Writes one value to an existing file such as a sysctl, in one write; false where the file does not exist. Throws
/// std::system_error.
bool write_value(const std::string& path, std::string_view value);

}  // namespace posix
