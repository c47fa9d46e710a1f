#pragma once

#include <string>
#include <vector>

namespace inspect {

/// Paths of all network namespaces that this process can see: named ones, then those of processes. A namespace may have
/// several paths.
std::vector<std::string> namespace_paths();

}  // namespace inspect
