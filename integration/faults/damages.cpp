#include "integration/faults/household.hpp"
#include "integration/faults/sweeps.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>

namespace faults {
namespace {

namespace fs = std::filesystem;

constexpr auto root = "/run/veth-cni";
constexpr auto elsewhere = "/run/test/elsewhere";
constexpr auto filler = "/run/veth-cni/filler";

using Act = std::function<void()>;

/// What befalls the state folder of two containers that live.
struct Damage {
  std::string name;
  Act befall;
  Act mend = [] {};     ///< as an administrator would
  Act prepare = [] {};  ///< before the first container
};

std::string content_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

void write(const std::string& file, const std::string& text) { std::ofstream{file, std::ios::trunc} << text; }

void mount_at_root(const char* source, const char* type, unsigned long flags, const char* options) {
  fs::create_directory(root);
  if (::mount(source, root, type, flags, options) < 0) posix::throw_errno("mount " + std::string{root});
}

/// That of the container that leaves first, or of the one that leaves last.
std::string record_of(unsigned number) { return Household::record(number % 2 == 0 ? "a" : "b"); }
std::string record() { return record_of(0); }

void truncate_record(unsigned part, unsigned parts) {
  const auto cut = record_of(part);
  fs::resize_file(cut, fs::file_size(cut) * part / parts);
}

void flip_bits(unsigned seed) {
  std::mt19937 random{seed};
  const auto flipped = record_of(seed);
  auto text = content_of(flipped);
  const auto bits = 1 + random() % 8;
  for (unsigned bit = 0; bit < bits; ++bit) {
    auto& byte = text.at(random() % text.size());
    byte = static_cast<char>(byte ^ (1 << random() % 8));
  }
  write(flipped, text);
}

void change_version() {
  auto text = nlohmann::json::parse(content_of(record()));
  text["format"] = text.at("format").get<int>() + 1;
  write(record(), text.dump());
}

/// A file of zero bytes needs an inode alone.
void use_up(const std::string& folder, std::size_t bytes) {
  fs::create_directory(folder);
  for (int number = 0; std::ofstream{folder + "/" + std::to_string(number)} << std::string(bytes, ' ') << std::flush;
       ++number) {
  }
}

void remove_filler() { fs::remove_all(filler); }

/// Something in the place of a file or folder.
void put_in_place_of(const std::string& path, const std::function<void(const char*)>& put) {
  fs::rename(path, elsewhere);
  put(path.c_str());
}

void plant_link(const std::string& path) {
  put_in_place_of(path, [](const char* place) { fs::create_symlink(elsewhere, place); });
}

bool is_planted(const fs::path& path) { return fs::is_symlink(path) && fs::read_symlink(path) == elsewhere; }

std::optional<fs::path> find_link() {
  if (is_planted(root)) return root;
  for (const auto& entry : fs::recursive_directory_iterator{root})
    if (is_planted(entry.path())) return entry.path();
  return std::nullopt;
}

/// What it stands in place of comes back, unless the plugin itself has removed the link.
void remove_link() {
  const auto link = find_link();
  if (!link) {
    fs::remove_all(elsewhere);
    return;
  }
  fs::remove(*link);
  fs::rename(elsewhere, *link);
}

Damage planted_link(const std::string& name, std::string (*path)()) {
  return {"a symbolic link in place of " + name, [path] { plant_link(path()); }, remove_link};
}

std::string folder_of_network() { return Household::folder() + "/net"; }
std::string lock_file() { return Household::folder() + "/locks"; }

std::vector<Damage> planted() {
  return {planted_link("the root", [] { return std::string{root}; }),
          planted_link("the folder of the boot", Household::folder),
          planted_link("the network's folder", folder_of_network), planted_link("a record", record),
          planted_link("the lock file", lock_file)};
}

std::vector<Damage> strange() {
  std::vector<Damage> all{
      {"a record of another version", change_version},
      {"an empty record", [] { write(record(), ""); }},
      {"a record that is gone", [] { fs::remove(record()); }},
      {"a folder in place of a record",
       [] { put_in_place_of(record(), [](const char* place) { fs::create_directory(place); }); }},
      {"a FIFO in place of a record",
       [] { put_in_place_of(record(), [](const char* place) { ::mkfifo(place, 0600); }); }},
      {"all of it is gone", [] { fs::remove_all(root); }},
      {"the root may be written by others", [] { fs::permissions(root, fs::perms::all); },
       [] { fs::permissions(root, fs::perms::owner_all); }},
      {"the folder of the boot may be written by others", [] { fs::permissions(Household::folder(), fs::perms::all); },
       [] { fs::permissions(Household::folder(), fs::perms::owner_all); }}};
  return all;
}

std::vector<Damage> full() {
  return {
      {"a full disk", [] { use_up(filler, 4096); }, remove_filler,
       [] { mount_at_root("tmpfs", "tmpfs", 0, "size=128k,mode=0700"); }},
      {"no inodes", [] { use_up(filler, 0); }, remove_filler,
       [] { mount_at_root("tmpfs", "tmpfs", 0, "nr_inodes=64,mode=0700"); }},
      {"a read-only file system", [] { mount_at_root(nullptr, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr); },
       [] { mount_at_root(nullptr, nullptr, MS_REMOUNT | MS_BIND, nullptr); },
       [] { mount_at_root("tmpfs", "tmpfs", 0, "mode=0700"); }}};
}

Damage anothers(const std::string& strangers_folder) {
  return {"a stranger owns it",
          [strangers_folder] { mount_at_root(strangers_folder.c_str(), nullptr, MS_BIND, nullptr); },
          [] { ::umount2(root, MNT_DETACH); }};
}

void suffer(const Damage& damage, Report& report) {
  Household household{damage.prepare};
  damage.befall();
  auto fault = household.live_on();
  damage.mend();
  fault += household.end();
  ++report.points;
  if (!fault.empty()) report.failures.push_back(damage.name + ": " + fault);
}

Task task_of(const std::string& subject, const std::vector<Damage>& damages) {
  return {"state", subject, [damages](Report& report) {
            for (const auto& damage : damages) suffer(damage, report);
          }};
}

std::vector<Damage> truncations(unsigned parts) {
  std::vector<Damage> all;
  for (unsigned part = 0; part < parts; ++part)
    all.push_back({"a record cut to " + std::to_string(part) + "/" + std::to_string(parts),
                   [part, parts] { truncate_record(part, parts); }});
  return all;
}

std::vector<Damage> flips(unsigned count) {
  std::vector<Damage> all;
  for (unsigned seed = 0; seed < count; ++seed)
    all.push_back({"bits of a record flipped, seed " + std::to_string(seed), [seed] { flip_bits(seed); }});
  return all;
}

}  // namespace

std::vector<Task> damages(const Setting& setting) {
  std::vector<Task> tasks{task_of("records cut short", truncations(setting.is_short ? 10 : 100)),
                          task_of("records with bits flipped", flips(setting.is_short ? 10 : 500)),
                          task_of("strange files", strange()), task_of("planted links", planted()),
                          task_of("full and read-only", full())};
  if (setting.strangers_folder.empty())
    tasks.push_back({"state", "a stranger's folder", [](Report& report) {
                       report.not_run = "nobody but the machine's root can make a folder of another user's";
                     }});
  else
    tasks.push_back(task_of("a stranger's folder", {anothers(setting.strangers_folder)}));
  return tasks;
}

}  // namespace faults
