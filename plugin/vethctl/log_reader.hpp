#pragma once

#include "plugin/posix/file_descriptor.hpp"

#include <string>
#include <vector>

namespace vethctl {

/// Reads a log from its beginning, and goes on where it ended. Follows its rotation: what was renamed is read to its
/// end, then the new file of the name; a file that was cut short is read anew.
class LogReader {
 public:
  explicit LogReader(std::string path) : path_(std::move(path)) {}

  /// The lines that are complete and new since the last time, without their newlines; none where there is no file.
  /// Throws std::system_error.
  std::vector<std::string> read_lines();

 private:
  void read_rest(std::vector<std::string>& lines);
  void start_anew_if_cut();
  bool was_replaced() const;

  std::string path_;
  posix::FileDescriptor file_;
  std::string begun_;  ///< a line whose end is not there yet
};

}  // namespace vethctl
