#include "plugin/vethctl/inspect/namespaces.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/state/directory_reader.hpp"

#include <fcntl.h>

#include <algorithm>

namespace inspect {
namespace {

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const auto opened = posix::find_file(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return names;
  state::DirectoryReader reader{opened->get()};
  while (const auto entry = reader.next()) names.emplace_back(entry->name);
  std::ranges::sort(names);
  return names;
}

bool is_process(const std::string& name) { return name.find_first_not_of("0123456789") == std::string::npos; }

}  // namespace

std::vector<std::string> namespace_paths() {
  std::vector<std::string> paths;
  for (const std::string folder : {"/run/netns/", "/var/run/netns/"}) {
    for (const auto& name : names_in(folder)) paths.push_back(folder + name);
  }
  for (const auto& name : names_in("/proc")) {
    if (is_process(name)) paths.push_back("/proc/" + name + "/ns/net");
  }
  return paths;
}

}  // namespace inspect
