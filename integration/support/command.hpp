#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace support {

class Namespace;

/// A program to run.
struct Command {
  std::vector<std::string> argv;              ///< the first is looked up in PATH unless it has a '/'
  std::string input = {};                     ///< standard input
  std::vector<std::string> environment = {};  ///< "NAME=value", beside and in place of our own
  bool is_alone = false;                      ///< nothing of our own environment
  const Namespace* inside = nullptr;          ///< the network namespace it runs in; null: ours
  std::chrono::seconds patience{60};          ///< then it is killed
};

struct Outcome {
  int exit = 0;  ///< as a shell gives it: 128 + signal for a program that a signal ended, so 137 for one that ran out
                 ///< of patience
  std::string out = {};
  std::string err = {};

  bool operator==(const Outcome&) const = default;
};

/// Runs it to its end. May be called by many threads at once. Throws std::system_error where it cannot be started.
Outcome run(const Command& command);

}  // namespace support
