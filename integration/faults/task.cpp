#include "integration/faults/task.hpp"

#include "plugin/posix/file_descriptor.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace faults {
namespace {

/// A process that runs a task. It writes its report to a file in memory.
struct Worker {
  posix::FileDescriptor report;
  Report initial;
};

[[noreturn]] void work(const Task& task, Report report, int file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    task.work(report);
  } catch (const std::exception& error) {
    report.failures.emplace_back(error.what());
  }
  posix::write_all(file, to_json(report).dump());
  ::_exit(0);
}

std::pair<pid_t, Worker> start(const Task& task) {
  Worker worker{.report = posix::FileDescriptor{::memfd_create("report", MFD_CLOEXEC)},
                .initial = {.kind = task.kind, .subject = task.subject}};
  if (!worker.report) posix::throw_errno("create a file in memory");
  const pid_t child = ::fork();
  if (child < 0) posix::throw_errno("fork");
  if (child == 0) work(task, worker.initial, worker.report.get());
  return {child, std::move(worker)};
}

Report report_of(const Worker& worker) {
  constexpr std::size_t limit = 64 << 20;
  if (::lseek(worker.report.get(), 0, SEEK_SET) < 0) posix::throw_errno("rewind a file in memory");
  const auto text = posix::read_to_end(worker.report.get(), limit, std::chrono::seconds{1});
  if (!text.empty()) return report_from_json(nlohmann::json::parse(text));
  auto report = worker.initial;
  report.failures.emplace_back("the process of this task was ended by a signal");
  return report;
}

pid_t wait_for_any() {
  while (true) {
    const pid_t child = ::wait(nullptr);
    if (child >= 0) return child;
    if (errno != EINTR) posix::throw_errno("wait for a process");
  }
}

/// The reports of subjects whose tasks have not all ended.
class Progress {
 public:
  explicit Progress(const std::vector<Task>& tasks) {
    for (const auto& task : tasks) ++remaining_[{task.kind, task.subject}];
  }

  /// Returns the report of the whole subject if this was its last task.
  std::optional<Report> add(const Report& report) {
    reports_.push_back(report);
    if (--remaining_.at({report.kind, report.subject}) > 0) return std::nullopt;
    const auto is_of_subject = [&](const Report& other) {
      return other.kind == report.kind && other.subject == report.subject;
    };
    const auto rest = std::stable_partition(reports_.begin(), reports_.end(), std::not_fn(is_of_subject));
    const auto whole = merged({rest, reports_.end()}).front();
    reports_.erase(rest, reports_.end());
    return whole;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::size_t> remaining_;
  std::vector<Report> reports_;
};

}  // namespace

std::vector<Report> run_tasks(const std::vector<Task>& tasks, std::size_t at_once,
                              const std::function<void(const Report&)>& on_task,
                              const std::function<void(const Report&)>& on_subject) {
  Progress progress{tasks};
  std::vector<Report> reports;
  std::map<pid_t, Worker> workers;
  for (auto next = tasks.begin(); next != tasks.end() || !workers.empty();) {
    if (next != tasks.end() && workers.size() < at_once) {
      workers.insert(start(*next++));
      continue;
    }
    const auto ended = workers.extract(wait_for_any());
    if (ended.empty()) continue;
    reports.push_back(report_of(ended.mapped()));
    on_task(reports.back());
    if (const auto whole = progress.add(reports.back())) on_subject(*whole);
  }
  return reports;
}

}  // namespace faults
