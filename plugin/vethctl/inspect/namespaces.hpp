#pragma once

#include <string>
#include <vector>

namespace inspect {

/// Paths of all network namespaces that this process can see: those with a name, then those of processes. One may be
/// there by several paths.
std::vector<std::string> namespace_paths();

}  // namespace inspect
