#pragma once

#include <string>
#include <vector>

namespace kernel {

/// The names of the interfaces in the namespace of this process, of one kind ("bridge", "veth") or, if it is empty, of
/// all kinds. Throws std::system_error.
std::vector<std::string> interface_names(const std::string& kind = {});

}  // namespace kernel
