#include "integration/faults/foreign_file.hpp"

#include "integration/support/file_text.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <optional>

namespace faults {
namespace {

namespace fs = std::filesystem;

constexpr auto foreign_file = "/run/test/foreign-file";
constexpr auto original = "/run/test/original";
constexpr auto content = "of other software\n";

/// Its permissions are those of a state folder, so that the plugin can only refuse it because of the link.
void make_foreign_file_like(const std::string& path) {
  if (!fs::is_directory(path)) return support::write_text(foreign_file, content);
  fs::create_directory(foreign_file);
  fs::permissions(foreign_file, fs::perms::owner_all);
  support::write_text(std::string{foreign_file} + "/file", content);
}

bool is_foreign_link(const fs::path& path) { return fs::is_symlink(path) && fs::read_symlink(path) == foreign_file; }

std::optional<fs::path> find_link() {
  if (is_foreign_link(support::state_root)) return support::state_root;
  for (const auto& entry : fs::recursive_directory_iterator{support::state_root})
    if (is_foreign_link(entry.path())) return entry.path();
  return std::nullopt;
}

}  // namespace

void replace_with_link(const std::string& path) {
  make_foreign_file_like(path);
  fs::rename(path, original);
  fs::create_symlink(foreign_file, path);
}

void add_hard_link(const std::string& path) {
  support::write_text(foreign_file, content);
  fs::create_directory(fs::path{path}.parent_path());
  fs::create_hard_link(foreign_file, path);
}

void restore_original() {
  const auto link = find_link();
  if (link) {
    fs::remove(*link);
    fs::rename(original, *link);
  }
  fs::remove_all(original);
  fs::remove_all(foreign_file);
}

std::string changes_of_foreign_file() {
  if (!fs::is_directory(foreign_file))
    return support::read_text(foreign_file) == content ? "" : "a foreign file was written through a link\n";
  std::string changes;
  for (const auto& entry : fs::recursive_directory_iterator{foreign_file})
    if (entry.path().filename() != "file") changes += "created behind a link: " + entry.path().string() + "\n";
  const bool is_unchanged = support::read_text(std::string{foreign_file} + "/file") == content;
  return changes + (is_unchanged ? "" : "a file behind a link has changed\n");
}

}  // namespace faults
