#include "integration/faults/foreign_file.hpp"
#include "integration/faults/kinds.hpp"
#include "integration/faults/state_damage_scenario.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/cni/attachment.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <utility>

namespace faults {
namespace {

namespace fs = std::filesystem;
using Failure = StateDamageScenario::Failure;
using support::state_root;

std::string filler() { return std::string{state_root} + "/filler"; }

/// A damage to the state folder of two attached containers.
struct StateDamage {
  std::string name;
  std::function<void()> apply;
  std::function<void()> repair = [] {};                               ///< as an administrator would
  Failure failure = Failure::forbidden;                               ///< whether ADD and DEL may fail until the repair
  std::function<void()> prepare = [] {};                              ///< before the first container
  std::function<std::string()> check = [] { return std::string{}; };  ///< further checks before the repair
};

void mount_at_root(const char* source, const char* type, unsigned long flags, const char* options) {
  fs::create_directory(state_root);
  if (::mount(source, state_root, type, flags, options) < 0) posix::throw_errno("mount " + std::string{state_root});
}

std::string tag_of(const std::string& container) { return cni::to_string(cni::tag_of({"net", container, "eth0"})); }

std::string in_network(const std::string& name) { return support::state_folder() + "/net/" + name; }
std::string folder_of_network() { return support::state_folder() + "/net"; }
std::string addresses() { return in_network("addresses"); }
std::string held_address() { return in_network(std::string{"addresses/"} + StateDamageScenario::address_of_a); }
std::string next_address() { return in_network(std::string{"addresses/"} + StateDamageScenario::next_address); }
std::string cursor() { return in_network("cursor"); }
std::string free_list() { return in_network("free.0"); }
std::string pending() { return in_network("pending"); }
std::string live() { return in_network("live"); }
std::string record() { return live() + "/" + tag_of("a"); }
std::string temporary_record_of_another() { return pending() + "/." + tag_of("c"); }
std::string lock_file() { return support::state_folder() + "/locks"; }

/// The record of "a", which is deleted first, or of "b", which is deleted last.
std::string record_of(unsigned number) { return live() + "/" + tag_of(number % 2 == 0 ? "a" : "b"); }

void truncate_record(unsigned part, unsigned parts) {
  const auto file = record_of(part);
  fs::resize_file(file, fs::file_size(file) * part / parts);
}

void flip_bits(unsigned seed) {
  std::mt19937 random{seed};
  const auto file = record_of(seed);
  auto text = support::read_text(file);
  const auto bits = 1 + random() % 8;
  for (unsigned bit = 0; bit < bits; ++bit) {
    auto& byte = text.at(random() % text.size());
    byte = static_cast<char>(byte ^ (1 << random() % 8));
  }
  support::write_text(file, text);
}

void change_version() {
  auto text = nlohmann::json::parse(support::read_text(record()));
  text["format"] = text.at("format").get<int>() + 1;
  support::write_text(record(), text.dump());
}

/// Writes files until it fails. A file of zero bytes needs only an inode.
void fill_with_files(const std::string& folder, std::size_t bytes) {
  fs::create_directory(folder);
  for (int number = 0; std::ofstream{folder + "/" + std::to_string(number)} << std::string(bytes, ' ') << std::flush;
       ++number) {
  }
}

void remove_filler() { fs::remove_all(filler()); }

StateDamage link_damage(const std::string& name, std::string (*path)()) {
  return {.name = "a symbolic link in place of " + name,
          .apply = [path] { replace_with_link(path()); },
          .repair = restore_original,
          .failure = Failure::allowed,
          .check = changes_of_foreign_file};
}

std::vector<StateDamage> link_damages() {
  return {link_damage("the root", [] { return std::string{state_root}; }),
          link_damage("the folder of the boot", support::state_folder),
          link_damage("the network's folder", folder_of_network),
          link_damage("the folder of addresses", addresses),
          link_damage("the folder of pending records", pending),
          link_damage("the folder of live records", live),
          link_damage("a record", record),
          link_damage("the lock file", lock_file),
          {.name = "a hard link in place of a temporary file",
           .apply = [] { add_hard_link(temporary_record_of_another()); },
           .repair = restore_original,
           .check = changes_of_foreign_file}};
}

/// An object that replaces a file or folder.
struct Replacement {
  const char* name;
  void (*create)(const char*);
};

const std::vector<Replacement> replacements{
    {"a file", [](const char* path) { support::write_text(path, "unexpected"); }},
    {"a folder", [](const char* path) { fs::create_directories(std::string{path} + "/unexpected"); }},
    {"a dangling symbolic link", [](const char* path) { fs::create_symlink("/missing", path); }},
    {"a FIFO", [](const char* path) { ::mkfifo(path, 0600); }}};

struct StatePath {
  const char* name;
  std::string (*path)();
};

const std::vector<StatePath> files{{"a record", record},
                                   {"an allocated address", held_address},
                                   {"the next address", next_address},
                                   {"the cursor", cursor},
                                   {"the list of free addresses", free_list}};

/// Without the folder of addresses it is unknown which are allocated, so ADD may fail.
const std::vector<StatePath> folders{{"the network's folder", folder_of_network},
                                     {"the folder of addresses", addresses},
                                     {"the folder of pending records", pending},
                                     {"the folder of live records", live}};

StateDamage replacement_damage(const Replacement& replacement, const StatePath& original, Failure failure) {
  return {.name = replacement.name + (std::string{" in place of "} + original.name),
          .apply =
              [replacement, original] {
                const auto path = original.path();
                fs::remove_all(path);
                replacement.create(path.c_str());
              },
          .repair = [original] { fs::remove_all(original.path()); },
          .failure = failure};
}

std::vector<StateDamage> replacement_damages() {
  std::vector<StateDamage> all;
  for (const auto& path : files)
    for (const auto& replacement : replacements)
      all.push_back(replacement_damage(replacement, path, Failure::forbidden));
  for (const auto& path : folders) all.push_back(replacement_damage(replacements.front(), path, Failure::allowed));
  return all;
}

std::vector<StateDamage> content_damages() {
  const auto own = [](const std::string& path) { fs::permissions(path, fs::perms::owner_all); };
  const auto open = [](const std::string& path) { fs::permissions(path, fs::perms::all); };
  return {{.name = "a record of another version", .apply = change_version},
          {.name = "an empty record", .apply = [] { support::write_text(record(), ""); }},
          {.name = "a removed record", .apply = [] { fs::remove(record()); }},
          {.name = "the whole state is removed", .apply = [] { fs::remove_all(state_root); }},
          {.name = "the root may be written by others",
           .apply = [open] { open(state_root); },
           .repair = [own] { own(state_root); },
           .failure = Failure::allowed},
          {.name = "the folder of the boot may be written by others",
           .apply = [open] { open(support::state_folder()); },
           .repair = [own] { own(support::state_folder()); },
           .failure = Failure::allowed}};
}

std::vector<StateDamage> full_disk_damages() {
  return {{.name = "a full disk",
           .apply = [] { fill_with_files(filler(), 4096); },
           .repair = remove_filler,
           .failure = Failure::allowed,
           .prepare = [] { mount_at_root("tmpfs", "tmpfs", 0, "size=128k,mode=0700"); }},
          {.name = "no inodes",
           .apply = [] { fill_with_files(filler(), 0); },
           .repair = remove_filler,
           .failure = Failure::allowed,
           .prepare = [] { mount_at_root("tmpfs", "tmpfs", 0, "nr_inodes=64,mode=0700"); }},
          {.name = "a read-only file system",
           .apply = [] { mount_at_root(nullptr, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr); },
           .repair = [] { mount_at_root(nullptr, nullptr, MS_REMOUNT | MS_BIND, nullptr); },
           .failure = Failure::allowed,
           .prepare = [] { mount_at_root("tmpfs", "tmpfs", 0, "mode=0700"); }}};
}

StateDamage owned_by_another_user(const std::string& foreign_folder) {
  return {.name = "another user owns the folder",
          .apply = [foreign_folder] { mount_at_root(foreign_folder.c_str(), nullptr, MS_BIND, nullptr); },
          .repair = [] { ::umount2(state_root, MNT_DETACH); },
          .failure = Failure::allowed};
}

void run_damage(const StateDamage& damage, Report& report) {
  StateDamageScenario scenario{damage.prepare, damage.failure};
  damage.apply();
  auto problem = scenario.check_while_damaged() + damage.check();
  damage.repair();
  problem += scenario.check_after_repair();
  ++report.points;
  if (!problem.empty()) report.failures.push_back(damage.name + ": " + problem);
}

/// Adds tasks with up to 50 damages each.
void add(const std::string& subject, const std::vector<StateDamage>& state_damage, std::vector<Task>& tasks) {
  constexpr std::ptrdiff_t share = 50;
  for (auto begin = state_damage.begin(); begin != state_damage.end();) {
    const auto end = begin + std::min(share, state_damage.end() - begin);
    tasks.push_back({"state", subject, [points = std::vector<StateDamage>{begin, end}](Report& report) {
                       for (const auto& damage : points) run_damage(damage, report);
                     }});
    begin = end;
  }
}

std::vector<StateDamage> truncations(unsigned parts) {
  std::vector<StateDamage> all;
  for (unsigned points = 0; points < parts; ++points)
    all.push_back({.name = "a record cut to " + std::to_string(points) + "/" + std::to_string(parts),
                   .apply = [points, parts] { truncate_record(points, parts); }});
  return all;
}

std::vector<StateDamage> bit_flips(unsigned count) {
  std::vector<StateDamage> all;
  for (unsigned seed = 0; seed < count; ++seed)
    all.push_back(
        {.name = "bits of a record flipped, seed " + std::to_string(seed), .apply = [seed] { flip_bits(seed); }});
  return all;
}

}  // namespace

std::vector<Task> state_damage(const Options& options) {
  std::vector<Task> tasks;
  add("records cut short", truncations(options.is_short ? 10 : 100), tasks);
  add("records with bits flipped", bit_flips(options.is_short ? 10 : 500), tasks);
  add("files replaced", replacement_damages(), tasks);
  add("changed records and permissions", content_damages(), tasks);
  add("links to foreign files", link_damages(), tasks);
  add("full and read-only", full_disk_damages(), tasks);
  if (options.foreign_folder.empty())
    tasks.push_back({"state", "a folder of another user", [](Report& report) {
                       report.not_run = "only root on the machine can create a folder of another user";
                     }});
  else
    add("a folder of another user", {owned_by_another_user(options.foreign_folder)}, tasks);
  return tasks;
}

}  // namespace faults
