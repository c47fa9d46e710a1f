#include "integration/faults/decoy.hpp"
#include "integration/faults/household.hpp"
#include "integration/faults/sweeps.hpp"
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
using Refusal = Household::Refusal;
using support::state_root;

constexpr auto filler = "/run/veth-cni/filler";

/// What befalls the state folder of two containers that live.
struct Damage {
  std::string name;
  std::function<void()> befall;
  std::function<void()> mend = [] {};                                   ///< as an administrator would
  Refusal refusal = Refusal::never;                                     ///< where nothing else can be right
  std::function<void()> prepare = [] {};                                ///< before the first container
  std::function<std::string()> examine = [] { return std::string{}; };  ///< what else is wrong before it is mended
};

void mount_at_root(const char* source, const char* type, unsigned long flags, const char* options) {
  fs::create_directory(state_root);
  if (::mount(source, state_root, type, flags, options) < 0) posix::throw_errno("mount " + std::string{state_root});
}

std::string tag_of(const std::string& container) { return cni::to_string(cni::tag_of({"net", container, "eth0"})); }

/// A file of the network.
std::string in_network(const std::string& name) { return support::state_folder() + "/net/" + name; }
std::string folder_of_network() { return support::state_folder() + "/net"; }
std::string addresses() { return in_network("addresses"); }
std::string held_address() { return in_network(std::string{"addresses/"} + Household::address_of_a); }
std::string next_address() { return in_network(std::string{"addresses/"} + Household::next_address); }
std::string cursor() { return in_network("cursor"); }
std::string pending() { return in_network("pending"); }
std::string live() { return in_network("live"); }
std::string record() { return live() + "/" + tag_of("a"); }
std::string temporary_record_of_another() { return pending() + "/." + tag_of("c"); }
std::string lock_file() { return support::state_folder() + "/locks"; }

/// That of the container that leaves first, or of the one that leaves last.
std::string record_of(unsigned number) { return live() + "/" + tag_of(number % 2 == 0 ? "a" : "b"); }

void truncate_record(unsigned part, unsigned parts) {
  const auto cut = record_of(part);
  fs::resize_file(cut, fs::file_size(cut) * part / parts);
}

void flip_bits(unsigned seed) {
  std::mt19937 random{seed};
  const auto flipped = record_of(seed);
  auto text = support::read_text(flipped);
  const auto bits = 1 + random() % 8;
  for (unsigned bit = 0; bit < bits; ++bit) {
    auto& byte = text.at(random() % text.size());
    byte = static_cast<char>(byte ^ (1 << random() % 8));
  }
  support::write_text(flipped, text);
}

void change_version() {
  auto text = nlohmann::json::parse(support::read_text(record()));
  text["format"] = text.at("format").get<int>() + 1;
  support::write_text(record(), text.dump());
}

/// A file of zero bytes needs an inode alone.
void use_up(const std::string& folder, std::size_t bytes) {
  fs::create_directory(folder);
  for (int number = 0; std::ofstream{folder + "/" + std::to_string(number)} << std::string(bytes, ' ') << std::flush;
       ++number) {
  }
}

void remove_filler() { fs::remove_all(filler); }

Damage planted_link(const std::string& name, std::string (*path)()) {
  return {.name = "a symbolic link in place of " + name,
          .befall = [path] { plant_link(path()); },
          .mend = remove_link,
          .refusal = Refusal::allowed,
          .examine = decoy_changes};
}

std::vector<Damage> planted() {
  return {planted_link("the root", [] { return std::string{state_root}; }),
          planted_link("the folder of the boot", support::state_folder),
          planted_link("the network's folder", folder_of_network),
          planted_link("the folder of addresses", addresses),
          planted_link("the folder of pending records", pending),
          planted_link("the folder of live records", live),
          planted_link("a record", record),
          planted_link("the lock file", lock_file),
          {.name = "a hard link in place of a temporary file",
           .befall = [] { plant_hard_link(temporary_record_of_another()); },
           .mend = remove_link,
           .examine = decoy_changes}};
}

/// Something that does not belong there.
struct Stranger {
  const char* name;
  void (*put)(const char*);
};

const std::vector<Stranger> strangers{
    {"a file", [](const char* path) { support::write_text(path, "strange"); }},
    {"a folder", [](const char* path) { fs::create_directories(std::string{path} + "/strange"); }},
    {"a link that leads nowhere", [](const char* path) { fs::create_symlink("nowhere", path); }},
    {"a FIFO", [](const char* path) { ::mkfifo(path, 0600); }}};

struct Place {
  const char* name;
  std::string (*path)();
};

const std::vector<Place> files{{"a record", record},
                               {"an address that is held", held_address},
                               {"the next address", next_address},
                               {"the cursor", cursor}};

/// Without the folder of addresses nobody knows which are taken.
const std::vector<Place> folders{{"the network's folder", folder_of_network},
                                 {"the folder of addresses", addresses},
                                 {"the folder of pending records", pending},
                                 {"the folder of live records", live}};

Damage replaced(const Stranger& stranger, const Place& place, Refusal refusal) {
  return {.name = stranger.name + (std::string{" in place of "} + place.name),
          .befall =
              [stranger, place] {
                const auto path = place.path();
                fs::remove_all(path);
                stranger.put(path.c_str());
              },
          .mend = [place] { fs::remove_all(place.path()); },
          .refusal = refusal};
}

std::vector<Damage> strange() {
  std::vector<Damage> all;
  for (const auto& place : files)
    for (const auto& stranger : strangers) all.push_back(replaced(stranger, place, Refusal::never));
  for (const auto& place : folders) all.push_back(replaced(strangers.front(), place, Refusal::allowed));
  return all;
}

std::vector<Damage> changed() {
  const auto own = [](const std::string& path) { fs::permissions(path, fs::perms::owner_all); };
  const auto open = [](const std::string& path) { fs::permissions(path, fs::perms::all); };
  return {{.name = "a record of another version", .befall = change_version},
          {.name = "an empty record", .befall = [] { support::write_text(record(), ""); }},
          {.name = "a record that is gone", .befall = [] { fs::remove(record()); }},
          {.name = "all of it is gone", .befall = [] { fs::remove_all(state_root); }},
          {.name = "the root may be written by others",
           .befall = [open] { open(state_root); },
           .mend = [own] { own(state_root); },
           .refusal = Refusal::allowed},
          {.name = "the folder of the boot may be written by others",
           .befall = [open] { open(support::state_folder()); },
           .mend = [own] { own(support::state_folder()); },
           .refusal = Refusal::allowed}};
}

std::vector<Damage> full() {
  return {{.name = "a full disk",
           .befall = [] { use_up(filler, 4096); },
           .mend = remove_filler,
           .refusal = Refusal::allowed,
           .prepare = [] { mount_at_root("tmpfs", "tmpfs", 0, "size=128k,mode=0700"); }},
          {.name = "no inodes",
           .befall = [] { use_up(filler, 0); },
           .mend = remove_filler,
           .refusal = Refusal::allowed,
           .prepare = [] { mount_at_root("tmpfs", "tmpfs", 0, "nr_inodes=64,mode=0700"); }},
          {.name = "a read-only file system",
           .befall = [] { mount_at_root(nullptr, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr); },
           .mend = [] { mount_at_root(nullptr, nullptr, MS_REMOUNT | MS_BIND, nullptr); },
           .refusal = Refusal::allowed,
           .prepare = [] { mount_at_root("tmpfs", "tmpfs", 0, "mode=0700"); }}};
}

Damage anothers(const std::string& strangers_folder) {
  return {.name = "a stranger owns it",
          .befall = [strangers_folder] { mount_at_root(strangers_folder.c_str(), nullptr, MS_BIND, nullptr); },
          .mend = [] { ::umount2(state_root, MNT_DETACH); },
          .refusal = Refusal::allowed};
}

void suffer(const Damage& damage, Report& report) {
  Household household{damage.prepare, damage.refusal};
  damage.befall();
  auto fault = household.live_on() + damage.examine();
  damage.mend();
  fault += household.end();
  ++report.points;
  if (!fault.empty()) report.failures.push_back(damage.name + ": " + fault);
}

/// Many are shared among several processes.
void add(const std::string& subject, const std::vector<Damage>& damages, std::vector<Task>& tasks) {
  constexpr std::ptrdiff_t share = 50;
  for (auto begin = damages.begin(); begin != damages.end();) {
    const auto end = begin + std::min(share, damages.end() - begin);
    tasks.push_back({"state", subject, [part = std::vector<Damage>{begin, end}](Report& report) {
                       for (const auto& damage : part) suffer(damage, report);
                     }});
    begin = end;
  }
}

std::vector<Damage> truncations(unsigned parts) {
  std::vector<Damage> all;
  for (unsigned part = 0; part < parts; ++part)
    all.push_back({.name = "a record cut to " + std::to_string(part) + "/" + std::to_string(parts),
                   .befall = [part, parts] { truncate_record(part, parts); }});
  return all;
}

std::vector<Damage> flips(unsigned count) {
  std::vector<Damage> all;
  for (unsigned seed = 0; seed < count; ++seed)
    all.push_back(
        {.name = "bits of a record flipped, seed " + std::to_string(seed), .befall = [seed] { flip_bits(seed); }});
  return all;
}

}  // namespace

std::vector<Task> damages(const Setting& setting) {
  std::vector<Task> tasks;
  add("records cut short", truncations(setting.is_short ? 10 : 100), tasks);
  add("records with bits flipped", flips(setting.is_short ? 10 : 500), tasks);
  add("strange files", strange(), tasks);
  add("records and rights that have changed", changed(), tasks);
  add("planted links", planted(), tasks);
  add("full and read-only", full(), tasks);
  if (setting.strangers_folder.empty())
    tasks.push_back({"state", "a stranger's folder", [](Report& report) {
                       report.not_run = "nobody but the machine's root can make a folder of another user's";
                     }});
  else
    add("a stranger's folder", {anothers(setting.strangers_folder)}, tasks);
  return tasks;
}

}  // namespace faults
