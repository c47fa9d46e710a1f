// What is on a disk at the moment when it loses its power is a copy of what is behind the loop device then.
#include "integration/faults/examine.hpp"
#include "integration/faults/sweeps.hpp"
#include "integration/support/command.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

namespace faults {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto root = "/run/veth-cni";

void succeed(const std::vector<std::string>& argv) {
  const auto outcome = support::run({.argv = argv});
  if (outcome.exit != 0) throw std::runtime_error(argv.front() + " failed: " + outcome.err);
}

/// Outside of the node's own /run, which is gone with the node.
class Workshop {
 public:
  Workshop() {
    if (::mkdtemp(path_.data()) == nullptr) posix::throw_errno("make a folder in /tmp");
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop() { fs::remove_all(path_); }

  std::string disk() const { return path_ + "/disk"; }
  std::string copy() const { return path_ + "/copy"; }

 private:
  std::string path_ = "/tmp/veth-cni-power-XXXXXX";
};

/// The journal is written every second.
void mount_disk(const std::string& image) {
  fs::create_directory(root);
  succeed({"mount", "-o", "loop,commit=1", image, root});
  fs::permissions(root, fs::perms::owner_all);
}

nlohmann::json of_few_addresses() {
  auto config = support::dual_stack();
  config["ipam"] = support::veth_ipam({"10.1.2.0/28", "fd00:1:2::/64"});
  return config;
}

void add_and_delete_until(Clock::time_point end) {
  constexpr std::size_t at_once = 4;
  support::in_parallel(at_once, at_once, [&](std::size_t number) {
    const support::Container container{"c" + std::to_string(number)};
    while (Clock::now() < end) {
      support::add(container, of_few_addresses());
      support::del(container, of_few_addresses());
    }
  });
}

void lose_power(const Workshop& workshop, std::chrono::milliseconds when) {
  support::make_node();
  succeed({"truncate", "--size=16M", workshop.disk()});
  succeed({"mkfs.ext4", "-q", workshop.disk()});
  mount_disk(workshop.disk());
  const auto cut = Clock::now() + when;
  std::jthread storm{[&] { add_and_delete_until(cut + std::chrono::milliseconds{200}); }};
  std::this_thread::sleep_until(cut);
  succeed({"cp", "--sparse=always", workshop.disk(), workshop.copy()});
}

void boot_again(const Workshop& workshop) {
  support::make_node();
  mount_disk(workshop.copy());
  std::ofstream{"/run/test/boot_id"} << "01234567-89ab-cdef-0123-456789abcdef\n";
  if (::mount("/run/test/boot_id", "/proc/sys/kernel/random/boot_id", nullptr, MS_BIND, nullptr) < 0)
    posix::throw_errno("mount another boot id");
}

/// What the disk has of the former boot, as figures.
void count_remains(Report& report) {
  std::size_t files = 0;
  std::size_t empty = 0;
  for (const auto& entry : fs::recursive_directory_iterator{root}) {
    if (entry.is_directory() || entry.path().filename() == "locks") continue;
    ++files;
    if (entry.is_regular_file() && entry.file_size() == 0) ++empty;
  }
  report.figures["files of the former boot"] = files;
  report.figures["empty ones"] = empty;
}

std::size_t count_boots() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator{root}) count += entry.path().filename() == "lost+found" ? 0U : 1U;
  return count;
}

void fill_the_range(Report& report) {
  constexpr std::size_t size = 13;
  std::set<std::string> addresses;
  for (std::size_t number = 0; number < size; ++number) {
    const auto answer = support::add({"n" + std::to_string(number)}, of_few_addresses());
    if (answer.exit != 0) report.failures.push_back(told("ADD after the power cut", answer));
    addresses.insert(support::address_of(answer.result, 4));
  }
  if (addresses.size() != size) report.failures.emplace_back("not every address of the range was given once");
}

void cut(std::chrono::milliseconds when, Report& report) {
  const Workshop workshop;
  lose_power(workshop, when);
  boot_again(workshop);
  count_remains(report);
  fill_the_range(report);
  if (count_boots() != 1) report.failures.emplace_back("the folder of the former boot is left");
  ::umount2(root, MNT_DETACH);
  ++report.points;
}

}  // namespace

std::vector<Task> power_cuts(const Setting& setting) {
  constexpr auto subject = "the disk after a power cut";
  if (::geteuid() != 0)
    return {{"power", subject, [](Report& report) { report.not_run = "only the machine's root can mount a disk"; }}};
  std::minstd_rand random{7};
  std::vector<Task> tasks;
  for (int number = 0; number < (setting.is_short ? 2 : 40); ++number) {
    const std::chrono::milliseconds when{random() % 4000};
    tasks.push_back({"power", subject, [when](Report& report) { cut(when, report); }});
  }
  return tasks;
}

}  // namespace faults
