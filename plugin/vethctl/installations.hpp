#pragma once

#include <string>
#include <vector>

// Where install has installed: uninstall finds the folders without options. Each installation is a file in the folder
// /var/lib/vethctl/installations, so that several installs at once do not have to lock a common file.
namespace vethctl {

/// The two folders of one install.
struct Installation {
  std::string bin_dir;   ///< of the executables, an absolute path
  std::string conf_dir;  ///< of the network configurations, an absolute path

  bool operator==(const Installation&) const = default;
};

constexpr auto default_installations = "/var/lib/vethctl/installations";

/// Adds an installation to `folder`, which is created if it is missing. Throws std::system_error.
void remember(const std::string& folder, const Installation& installation);

/// In ascending order of their files; empty if the folder does not exist. Files that cannot be read are skipped.
std::vector<Installation> remembered_installations(const std::string& folder);

/// Removes the file of the installation, and the folder if it is empty. It may be missing. Throws std::system_error.
void forget(const std::string& folder, const Installation& installation);

/// The path without symbolic links, "..", and slashes at the end: two paths of one folder are equal. A part that does
/// not exist is accepted.
std::string canonical_path(const std::string& path);

}  // namespace vethctl
