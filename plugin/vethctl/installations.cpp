#include "plugin/vethctl/installations.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

namespace vethctl {
namespace {

constexpr std::size_t max_file_bytes = 16384;

std::string text_of(const Installation& installation) {
  return installation.bin_dir + '\n' + installation.conf_dir + '\n';
}

/// A hash of the two folders: the same installation has one file, however often it is repeated.
std::string path_of(const std::string& folder, const Installation& installation) {
  return folder + '/' + cni::to_string(cni::tag_of_network(text_of(installation)));
}

std::optional<Installation> parse(const std::string& text) {
  const auto middle = text.find('\n');
  const bool is_complete = middle != std::string::npos && text.back() == '\n' && middle + 1 < text.size();
  if (!is_complete || text.front() != '/' || text[middle + 1] != '/') return std::nullopt;
  return Installation{text.substr(0, middle), text.substr(middle + 1, text.size() - middle - 2)};
}

std::vector<std::string> sorted_names_in(const std::string& folder) {
  const auto directory = posix::find_file(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY);
  if (!directory) return {};
  auto names = state::names_in(directory->get());
  std::ranges::sort(names);
  return names;
}

}  // namespace

/// A process that is killed here leaves a file without its last line, which is skipped.
void remember(const std::string& folder, const Installation& installation) {
  constexpr mode_t public_folder = 0755;
  posix::create_folder(folder, public_folder);
  const auto path = path_of(folder, installation);
  const auto file = posix::open_file(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  posix::write_all(file.get(), text_of(installation), text::quoted(path));
}

std::vector<Installation> remembered_installations(const std::string& folder) {
  std::vector<Installation> found;
  for (const auto& name : sorted_names_in(folder)) {
    const auto text = posix::find_content(AT_FDCWD, folder + '/' + name, max_file_bytes);
    if (auto installation = parse(text.value_or(""))) found.push_back(*std::move(installation));
  }
  return found;
}

void forget(const std::string& folder, const Installation& installation) {
  posix::remove_file(path_of(folder, installation));
  for (const auto& part : {folder, std::filesystem::path{folder}.parent_path().string()}) {
    if (::rmdir(part.c_str()) < 0) return;  // others are installed
  }
}

std::string canonical_path(const std::string& path) {
  std::error_code error;
  auto canonical =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path), error).lexically_normal().string();
  if (error) canonical = std::filesystem::absolute(path).lexically_normal().string();
  while (canonical.size() > 1 && canonical.back() == '/') canonical.pop_back();
  return canonical;
}

}  // namespace vethctl
