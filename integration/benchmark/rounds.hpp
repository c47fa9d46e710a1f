#pragma once

#include "integration/benchmark/subject.hpp"
#include "integration/benchmark/summary.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace benchmark {

/// An attachment whose calls are measured.
struct Candidate {
  Attachment attachment;
  bool is_checked = false;  ///< CHECK is measured, too
};

/// The figures of one candidate.
struct Row {
  std::string name;
  std::map<std::string, Summary> verbs;  ///< milliseconds, by verb
};

/// Each round measures all candidates in a random order: ADD, CHECK, a pause, DEL. So disturbances of the machine, and
/// work that the kernel does after a call, affect all of them. The first round is not counted.
std::vector<Row> measure(std::vector<Candidate> candidates, int rounds);

/// Each row as {"subject", verb: {"count", "least", "q1", "median", "q3", "p99", "mean"}}.
nlohmann::json to_json(const std::vector<Row>& rows);

}  // namespace benchmark
