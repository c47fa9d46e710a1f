#pragma once

#include "integration/benchmark/node.hpp"
#include "integration/benchmark/subject.hpp"

namespace benchmark {

/// Adds live records, with leases, of attachments whose interfaces and namespaces are gone: copies of the record of an
/// attachment that is made for it and deleted afterwards.
void add_stale_records(Node& node, const Subject& subject, int amount);

/// Truncates all records of the subject's network, as if the disk had been full.
void damage_records(const Node& node, const Subject& subject);

}  // namespace benchmark
