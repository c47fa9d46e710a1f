#pragma once

#include <string>
#include <string_view>

// The names of the parts of a state folder, relative to it.
namespace state {

constexpr std::string_view locks_name = "locks";
constexpr std::string_view data_dirs_name = "data-dirs";
constexpr std::string_view gateways_name = "gateways";
constexpr std::string_view bridges_name = ".bridges";  // no network's name begins with a dot
constexpr std::string_view ovs_name = ".ovs";

/// A symbolic link to the inode number of the network namespace. No network's name begins with '='.
constexpr const char* namespace_mark = "=namespace";

/// Whether the name is that of a file in the folder that belongs to no network.
bool is_reserved(std::string_view name);

/// The directory of a network: its name, after a '=' if that name is reserved. No network's name begins with '='.
std::string network_directory(const std::string& network);

std::string addresses_directory(const std::string& network);
std::string pending_directory(const std::string& network);
std::string live_directory(const std::string& network);

}  // namespace state
