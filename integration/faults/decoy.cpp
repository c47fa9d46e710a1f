#include "integration/faults/decoy.hpp"

#include "integration/support/file_text.hpp"
#include "integration/support/state_folder.hpp"

#include <filesystem>
#include <optional>

namespace faults {
namespace {

namespace fs = std::filesystem;

constexpr auto decoy = "/run/test/decoy";
constexpr auto kept = "/run/test/kept";
constexpr auto content = "somebody else's\n";

/// Private to root, so that nothing but the link speaks against it.
void make_decoy_as(const std::string& path) {
  if (!fs::is_directory(path)) return support::write_text(decoy, content);
  fs::create_directory(decoy);
  fs::permissions(decoy, fs::perms::owner_all);
  support::write_text(std::string{decoy} + "/file", content);
}

bool is_planted(const fs::path& path) { return fs::is_symlink(path) && fs::read_symlink(path) == decoy; }

std::optional<fs::path> find_link() {
  if (is_planted(support::state_root)) return support::state_root;
  for (const auto& entry : fs::recursive_directory_iterator{support::state_root})
    if (is_planted(entry.path())) return entry.path();
  return std::nullopt;
}

}  // namespace

void plant_link(const std::string& path) {
  make_decoy_as(path);
  fs::rename(path, kept);
  fs::create_symlink(decoy, path);
}

void plant_hard_link(const std::string& path) {
  support::write_text(decoy, content);
  fs::create_directory(fs::path{path}.parent_path());
  fs::create_hard_link(decoy, path);
}

void remove_link() {
  const auto link = find_link();
  if (link) {
    fs::remove(*link);
    fs::rename(kept, *link);
  }
  fs::remove_all(kept);
  fs::remove_all(decoy);
}

std::string decoy_changes() {
  if (!fs::is_directory(decoy))
    return support::read_text(decoy) == content ? "" : "a file of somebody else's was written through a link\n";
  std::string changes;
  for (const auto& entry : fs::recursive_directory_iterator{decoy})
    if (entry.path().filename() != "file") changes += "made behind a link: " + entry.path().string() + "\n";
  const bool stands = support::read_text(std::string{decoy} + "/file") == content;
  return changes + (stands ? "" : "what stood behind a link is gone\n");
}

}  // namespace faults
