#pragma once

#include "integration/benchmark/rounds.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

// The suites. Each makes a new node (support/sandbox.hpp), so the calling process must have one thread. `effort` scales
// the number of rounds: 1 for reliable figures, less for a quick run.
namespace benchmark {

/// One attachment at a time: the floor, veth with several configurations, the reference plugins.
std::vector<Row> measure_calls(double effort);

/// veth and netkit pairs; only on a kernel with netkit.
std::vector<Row> measure_devices(double effort);

/// STATUS and VERSION, compared with the start of an empty program.
std::vector<Row> measure_status(double effort);

/// ADD, CHECK and DEL on nodes with existing rules, attachments or leases.
std::vector<Row> measure_rules(double effort);
std::vector<Row> measure_attachments(double effort);
std::vector<Row> measure_leases(double effort);

/// Large amounts of objects: what may take longer than in proportion to them.
std::vector<Row> measure_gc_of_stale(double effort);
std::vector<Row> measure_del_beside_records(double effort);
std::vector<Row> measure_full_range(double effort);
std::vector<Row> measure_taken_range(double effort);
std::vector<Row> measure_vethctl_check(double effort);
std::vector<Row> measure_ports(double effort);
std::vector<Row> measure_conntrack(double effort);

/// Many calls at once.
nlohmann::json measure_throughput(double effort);

/// Memory, sizes, page faults, system calls and instructions.
nlohmann::json measure_costs();

}  // namespace benchmark
