// What is on a disk at the moment when it loses its power is a copy of what is behind the loop device then.
#include "integration/faults/examine.hpp"
#include "integration/faults/sweeps.hpp"
#include "integration/support/command.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/parallel.hpp"
#include "integration/support/sandbox.hpp"
#include "integration/support/state_folder.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
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

using support::of_few_addresses;
using support::state_root;

constexpr auto boot_id = "/proc/sys/kernel/random/boot_id";
constexpr auto remains = "files of the former boot";

void add_to(const std::string& figure, std::size_t count, Report& report) {
  report.figures[figure] = report.figures.value(figure, std::size_t{0}) + count;
}

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
  fs::create_directory(state_root);
  succeed({"mount", "-o", "loop,commit=1", image, state_root});
  fs::permissions(state_root, fs::perms::owner_all);
}

/// The number of ADDs that succeeded.
std::size_t add_and_delete_until(Clock::time_point end) {
  constexpr std::size_t at_once = 4;
  std::atomic<std::size_t> added{0};
  support::in_parallel(at_once, at_once, [&](std::size_t number) {
    const support::Container container{"c" + std::to_string(number)};
    while (Clock::now() < end) {
      if (support::add(container, of_few_addresses()).exit == 0) ++added;
      support::del(container, of_few_addresses());
    }
  });
  return added;
}

void lose_power(const Workshop& workshop, std::chrono::milliseconds when, Report& report) {
  support::make_node();
  succeed({"truncate", "--size=16M", workshop.disk()});
  succeed({"mkfs.ext4", "-q", workshop.disk()});
  mount_disk(workshop.disk());
  const auto cut = Clock::now() + when;
  std::size_t added = 0;
  std::jthread storm{[&] { added = add_and_delete_until(cut + std::chrono::milliseconds{200}); }};
  std::this_thread::sleep_until(cut);
  succeed({"cp", "--sparse=always", workshop.disk(), workshop.copy()});
  storm.join();
  if (added == 0) report.failures.emplace_back("no ADD succeeded before the power was cut");
  add_to("ADDs", added, report);
}

void boot_again(const Workshop& workshop) {
  support::make_node();
  mount_disk(workshop.copy());
  std::ofstream{"/run/test/boot_id"} << "01234567-89ab-cdef-0123-456789abcdef\n";
  if (::mount("/run/test/boot_id", boot_id, nullptr, MS_BIND, nullptr) < 0) posix::throw_errno("mount another boot id");
}

/// What the disk has of the former boot, as figures.
void count_remains(Report& report) {
  for (const auto& entry : fs::recursive_directory_iterator{state_root}) {
    if ((!entry.is_symlink() && entry.is_directory()) || entry.path().filename() == "locks") continue;
    add_to(remains, 1, report);
    if (!entry.is_symlink() && entry.is_regular_file() && entry.file_size() == 0) add_to("empty ones", 1, report);
  }
}

std::size_t count_boots() {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator{state_root})
    count += entry.path().filename() == "lost+found" ? 0U : 1U;
  return count;
}

void fill_the_range(Report& report) {
  std::set<std::string> addresses;
  for (std::size_t number = 0; number < support::few_addresses; ++number) {
    const auto answer = support::add({"n" + std::to_string(number)}, of_few_addresses());
    if (answer.exit != 0) report.failures.push_back(told("ADD after the power cut", answer));
    addresses.insert(support::address_of(answer.result, 4));
  }
  if (addresses.size() != support::few_addresses)
    report.failures.emplace_back("not every address of the range was given once");
}

void cut(std::chrono::milliseconds when, Report& report) {
  const Workshop workshop;
  lose_power(workshop, when, report);
  boot_again(workshop);
  count_remains(report);
  fill_the_range(report);
  if (count_boots() != 1) report.failures.emplace_back("the folder of the former boot is left");
  for (const auto* mounted : {state_root, boot_id}) ::umount2(mounted, MNT_DETACH);
  ++report.points;
}

/// Moments at which nothing is on the disk yet are among them, but not all can be such.
void cut_ever_again(const std::vector<std::chrono::milliseconds>& moments, Report& report) {
  for (const auto when : moments) cut(when, report);
  if (report.figures.value(remains, 0) == 0) report.failures.emplace_back("no disk had anything of the former boot");
}

}  // namespace

/// Two at once.
std::vector<Task> power_cuts(const Setting& setting) {
  constexpr auto subject = "the disk after a power cut";
  if (::geteuid() != 0)
    return {{"power", subject, [](Report& report) { report.not_run = "only the machine's root can mount a disk"; }}};
  std::minstd_rand random{7};
  std::vector<Task> tasks;
  for (int part = 0; part < 2; ++part) {
    std::vector<std::chrono::milliseconds> moments{std::chrono::milliseconds{2000}};
    for (int number = 1; number < (setting.is_short ? 1 : 20); ++number) moments.emplace_back(random() % 4000);
    tasks.push_back({"power", subject, [moments](Report& report) { cut_ever_again(moments, report); }});
  }
  return tasks;
}

}  // namespace faults
