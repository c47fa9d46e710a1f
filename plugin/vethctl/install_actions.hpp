#pragma once

#include "plugin/vethctl/command.hpp"

#include <string>
#include <vector>

// What install and uninstall share.
namespace vethctl {

constexpr auto default_bin_dir = "/opt/cni/bin";

/// What was done with one file, as a text.
struct FileAction {
  std::string path;
  std::string action;
};

/// Prints the actions as text, or as JSON if --output json is given.
void print(const std::vector<FileAction>& actions, const Arguments& arguments, const Console& console);

Option bin_dir_option();
Option conf_dir_option();

/// The values of the options or their defaults, without slashes at the end.
std::string bin_dir_of(const Arguments& arguments);
std::string conf_dir_of(const Arguments& arguments);

/// Throws cni::Error already_attached: "cannot ACTION: containers are attached to network NETWORK".
[[noreturn]] void throw_attached(const std::string& action, const std::string& network, const std::string& remedy);

}  // namespace vethctl
