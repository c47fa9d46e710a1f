// A copy of the file behind a loop device has the content that the disk would have after a power cut at that moment.
#include "integration/faults/invariants.hpp"
#include "integration/faults/kinds.hpp"
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

using support::small_range;
using support::state_root;

constexpr auto boot_id = "/proc/sys/kernel/random/boot_id";
constexpr auto left_files = "files of the previous boot";

void add_to(const std::string& figure, std::size_t count, Report& report) {
  report.figures[figure] = report.figures.value(figure, std::size_t{0}) + count;
}

void run_or_throw(const std::vector<std::string>& argv) {
  const auto outcome = support::run({.argv = argv});
  if (outcome.exit != 0) throw std::runtime_error(argv.front() + " failed: " + outcome.err);
}

/// A temporary folder outside of the node's /run, which is removed with the node.
class WorkFolder {
 public:
  WorkFolder() {
    if (::mkdtemp(path_.data()) == nullptr) posix::throw_errno("create a folder in /tmp");
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() { fs::remove_all(path_); }

  std::string disk() const { return path_ + "/disk"; }
  std::string copy() const { return path_ + "/copy"; }

 private:
  std::string path_ = "/tmp/veth-cni-power-XXXXXX";
};

/// "commit=1": the journal is written every second.
void mount_disk(const std::string& image) {
  fs::create_directory(state_root);
  run_or_throw({"mount", "-o", "loop,commit=1", image, state_root});
  fs::permissions(state_root, fs::perms::owner_all);
}

/// Returns the number of ADDs that succeeded.
std::size_t add_and_delete_until(Clock::time_point end) {
  constexpr std::size_t at_once = 4;
  std::atomic<std::size_t> added{0};
  support::in_parallel(at_once, at_once, [&](std::size_t number) {
    const support::Container container{"c" + std::to_string(number)};
    while (Clock::now() < end) {
      if (support::add(container, small_range()).exit == 0) ++added;
      support::del(container, small_range());
    }
  });
  return added;
}

void run_until_power_cut(const WorkFolder& folder, std::chrono::milliseconds when, Report& report) {
  support::make_node();
  run_or_throw({"truncate", "--size=16M", folder.disk()});
  run_or_throw({"mkfs.ext4", "-q", folder.disk()});
  mount_disk(folder.disk());
  const auto end = Clock::now() + when;
  std::size_t added = 0;
  std::jthread storm{[&] { added = add_and_delete_until(end + std::chrono::milliseconds{200}); }};
  std::this_thread::sleep_until(end);
  run_or_throw({"cp", "--sparse=always", folder.disk(), folder.copy()});
  storm.join();
  if (added == 0) report.failures.emplace_back("no ADD succeeded before the power was cut");
  add_to("ADDs", added, report);
}

void boot_again(const WorkFolder& folder) {
  support::make_node();
  mount_disk(folder.copy());
  std::ofstream{"/run/test/boot_id"} << "01234567-89ab-cdef-0123-456789abcdef\n";
  if (::mount("/run/test/boot_id", boot_id, nullptr, MS_BIND, nullptr) < 0) posix::throw_errno("mount another boot id");
}

/// Counts the files of the previous boot.
void count_left_files(Report& report) {
  for (const auto& entry : fs::recursive_directory_iterator{state_root}) {
    if ((!entry.is_symlink() && entry.is_directory()) || entry.path().filename() == "locks") continue;
    add_to(left_files, 1, report);
    if (!entry.is_symlink() && entry.is_regular_file() && entry.file_size() == 0) add_to("empty files", 1, report);
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
  for (std::size_t number = 0; number < support::small_range_size; ++number) {
    const auto answer = support::add({"n" + std::to_string(number)}, small_range());
    if (answer.exit != 0) report.failures.push_back(describe("ADD after the power cut", answer));
    addresses.insert(support::address_of(answer.result, 4));
  }
  if (addresses.size() != support::small_range_size)
    report.failures.emplace_back("not every address of the range was allocated once");
}

void cut_power(std::chrono::milliseconds when, Report& report) {
  const WorkFolder folder;
  run_until_power_cut(folder, when, report);
  boot_again(folder);
  count_left_files(report);
  fill_the_range(report);
  if (count_boots() != 1) report.failures.emplace_back("the folder of the previous boot was not removed");
  for (const auto* mounted : {state_root, boot_id}) ::umount2(mounted, MNT_DETACH);
  ++report.points;
}

/// At least one cut must leave files on the disk: at some moments none are written yet.
void cut_power_at(const std::vector<std::chrono::milliseconds>& moments, Report& report) {
  for (const auto when : moments) cut_power(when, report);
  if (report.figures.value(left_files, 0) == 0) report.failures.emplace_back("no disk had files of the previous boot");
}

}  // namespace

/// Two tasks, which run at the same time.
std::vector<Task> power_cuts(const Options& options) {
  constexpr auto subject = "the disk after a power cut";
  if (::geteuid() != 0)
    return {{"power", subject, [](Report& report) { report.not_run = "only root on the machine can mount a disk"; }}};
  std::minstd_rand random{7};
  std::vector<Task> tasks;
  for (int part = 0; part < 2; ++part) {
    std::vector<std::chrono::milliseconds> moments{std::chrono::milliseconds{2000}};
    for (int number = 1; number < (options.is_short ? 1 : 20); ++number) moments.emplace_back(random() % 4000);
    tasks.push_back({"power", subject, [moments](Report& report) { cut_power_at(moments, report); }});
  }
  return tasks;
}

}  // namespace faults
