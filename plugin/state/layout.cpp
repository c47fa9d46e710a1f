#include "plugin/state/layout.hpp"

namespace state {

/// "gateways" is not reserved: earlier versions used this directory for a network of that name, whose records must
/// still be found. Claims and a network can share the directory, because the names in it are different.
bool is_reserved(std::string_view name) { return name == locks_name || name == data_dirs_name; }

std::string network_directory(const std::string& network) { return is_reserved(network) ? "=" + network : network; }

std::string addresses_directory(const std::string& network) { return network_directory(network) + "/addresses"; }
std::string pending_directory(const std::string& network) { return network_directory(network) + "/pending"; }
std::string live_directory(const std::string& network) { return network_directory(network) + "/live"; }

}  // namespace state
