#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// Reads a log incrementally and follows its rotation: a renamed file is read to its end, then the new file of that
/// name; a truncated file is read from its beginning.
class LogReader {
 public:
  explicit LogReader(std::string path) : path_(std::move(path)) {}

  /// The complete lines since the last call, without newlines; empty if the file does not exist. Throws
  /// std::system_error.
  std::vector<std::string> read_lines();

 private:
  void read_rest(std::vector<std::string>& lines);
  void restart_if_truncated();
  bool was_replaced() const;

  std::string path_;
  posix::FileDescriptor file_;
  std::string partial_line_;  ///< a line without its newline so far
};

}  // namespace vethctl
