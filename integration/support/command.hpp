#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace support {

class Namespace;

/// A program to run.
struct Command {
  std::vector<std::string> argv;  ///< the first is looked up in PATH unless it has a '/'
  std::string input = {};         ///< standard input
  std::vector<std::string> environment =
      {};                          ///< "NAME=value", added to the environment of this process, or replacing its value
  bool clean_environment = false;  ///< our own environment is not inherited
  const Namespace* inside = nullptr;  ///< network namespace to run in; null: that of this process
  std::chrono::seconds timeout{60};   ///< then it is killed
};

struct Outcome {
  int exit = 0;  ///< as a shell reports it: 128 + signal; 137 after a timeout
  std::string out = {};
  std::string err = {};

  bool operator==(const Outcome&) const = default;
};

/// Runs the program to its end. Thread-safe. Throws std::system_error if it cannot be started.
Outcome run(const Command& command);

}  // namespace support
