#pragma once

#include "integration/benchmark/rounds.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

// What can be measured. Each makes a node of its own (support/sandbox.hpp), so the calling process has one thread.
// `effort` is 1 for figures to be trusted, and less for a look: the number of rounds follows from it.
namespace benchmark {

/// One attachment at a time: floor, veth in all its shapes, peers.
std::vector<Row> measure_calls(double effort);

/// STATUS and VERSION, beside what it takes to start a program.
std::vector<Row> measure_questions(double effort);

/// The same calls, beside what stands already.
std::vector<Row> measure_rules(double effort);
std::vector<Row> measure_attachments(double effort);
std::vector<Row> measure_leases(double effort);

/// Many at once.
nlohmann::json measure_throughput(double effort);

/// Memory, sizes, page faults, system calls and instructions.
nlohmann::json measure_costs();

}  // namespace benchmark
