#pragma once

#include "integration/benchmark/subject.hpp"
#include "integration/benchmark/summary.hpp"

#include <map>
#include <string>
#include <vector>

namespace benchmark {

struct Contender {
  Attachment attachment;
  bool is_checked = false;  ///< CHECK is measured, too
};

/// What was measured of one contender.
struct Row {
  std::string name;
  std::map<std::string, Summary> verbs;  ///< milliseconds, by verb
};

/// Every contender in turn, round after round, in an order that changes: ADD, CHECK, a pause, DEL. What disturbs the
/// machine, and what a call leaves for the next one to wait for, meets them all. A round that is not counted comes
/// first.
std::vector<Row> measure(std::vector<Contender> contenders, int rounds);

}  // namespace benchmark
