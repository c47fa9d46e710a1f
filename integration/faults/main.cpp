// faults [--short] [--minutes N] [--output FILE] [KIND...]: see integration/faults/run.
#include "integration/faults/kinds.hpp"
#include "integration/support/sandbox.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using faults::Report;
using faults::Task;

struct Kind {
  std::string name;
  std::vector<Task> (*tasks)(const faults::Options&);
  enum class Phase {
    parallel,       ///< in the sandbox, several tasks at once
    exclusive,      ///< in the sandbox, one task at a time: it uses the whole machine
    before_sandbox  ///< as root of the machine, if the program has these rights
  } phase = Phase::parallel;
};

const std::vector<Kind> kinds{{"kill", faults::kills},
                              {"errors", faults::errors},
                              {"shortages", faults::shortages},
                              {"refusals", faults::refusals},
                              {"netns", faults::namespace_removals},
                              {"streams", faults::streams},
                              {"state", faults::state_damage},
                              {"chain", faults::chains},
                              {"power", faults::power_cuts, Kind::Phase::before_sandbox},
                              {"storm", faults::storms, Kind::Phase::exclusive}};

const Kind soak{"soak", faults::soaks, Kind::Phase::exclusive};  // only if named

struct Arguments {
  faults::Options options;
  std::string output;
  std::vector<std::string> kinds;
};

bool is_kind(const std::string& name) {
  return name == soak.name || std::ranges::find(kinds, name, &Kind::name) != kinds.end();
}

Arguments read_arguments(const std::vector<std::string>& words) {
  Arguments arguments;
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (*word == "--short")
      arguments.options.is_short = true;
    else if (*word == "--output" && word + 1 != words.end())
      arguments.output = *++word;
    else if (*word == "--minutes" && word + 1 != words.end())
      arguments.options.soak = std::chrono::minutes{std::stoi(*++word)};
    else if (is_kind(*word))
      arguments.kinds.push_back(*word);
    else
      throw std::invalid_argument("\"" + *word + "\" is neither an option nor a kind of fault");
  }
  return arguments;
}

std::vector<Kind> selected_kinds(const Arguments& arguments) {
  if (arguments.kinds.empty()) return kinds;
  std::vector<Kind> all = kinds;
  all.push_back(soak);
  std::erase_if(
      all, [&](const Kind& kind) { return std::ranges::find(arguments.kinds, kind.name) == arguments.kinds.end(); });
  return all;
}

std::vector<Report> run_kinds(const Arguments& arguments, Kind::Phase phase) {
  std::vector<Task> tasks;
  for (const auto& kind : selected_kinds(arguments)) {
    if (kind.phase == phase) std::ranges::copy(kind.tasks(arguments.options), std::back_inserter(tasks));
  }
  const bool is_exclusive = phase == Kind::Phase::exclusive;
  const auto at_once = is_exclusive ? 1 : std::max(1U, std::thread::hardware_concurrency());
  const auto on_task = [](const Report& report) {
    for (const auto& failure : report.failures) std::cout << report.subject << ": " << failure << '\n' << std::flush;
  };
  const auto on_subject = [](const Report& report) { std::cout << faults::to_text(report) << std::flush; };
  return faults::merged(faults::run_tasks(tasks, at_once, on_task, on_subject));
}

void write_reports(const std::vector<Report>& reports, const std::string& path) {
  auto all = nlohmann::json::array();
  for (const auto& report : reports) all.push_back(faults::to_json(report));
  std::ofstream{path} << all.dump(2) << '\n';
}

/// A folder of the user "nobody". Only root on the machine can make it, so it is made before the sandbox is entered.
class ForeignFolder {
 public:
  ForeignFolder() {
    constexpr uid_t nobody = 65534;
    std::string name = "/tmp/veth-cni-foreign-XXXXXX";
    if (::geteuid() == 0 && ::mkdtemp(name.data()) != nullptr && ::chown(name.c_str(), nobody, nobody) == 0)
      path_ = name;
  }
  ForeignFolder(const ForeignFolder&) = delete;
  ForeignFolder& operator=(const ForeignFolder&) = delete;
  ~ForeignFolder() { ::rmdir(path_.c_str()); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// As in integration/support/main.cpp.
bool must_run() { return std::getenv("VETH_SANDBOX_REQUIRED") != nullptr; }

bool passes(const Report& report) {
  if (!report.failures.empty()) return false;
  return report.not_run.empty() || !must_run();
}

/// Returns false if there can be no sandbox, and the environment requires one.
bool run_in_sandbox(const Arguments& arguments, std::vector<Report>& reports) {
  if (const auto refused = support::enter_sandbox()) {
    std::cerr << "faults: NOT RUN: cannot create namespaces on this machine: " << *refused << '\n';
    return !must_run();
  }
  for (const auto phase : {Kind::Phase::parallel, Kind::Phase::exclusive})
    std::ranges::copy(run_kinds(arguments, phase), std::back_inserter(reports));
  return true;
}

int run(Arguments arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  const ForeignFolder foreign_folder;
  arguments.options.foreign_folder = foreign_folder.path();
  auto reports = run_kinds(arguments, Kind::Phase::before_sandbox);
  const bool has_run = run_in_sandbox(arguments, reports);
  if (!arguments.output.empty()) write_reports(reports, arguments.output);
  return has_run && std::ranges::all_of(reports, passes) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** arguments) try {
  return run(read_arguments({arguments + 1, arguments + count}));
} catch (const std::exception& error) {
  std::cerr << "faults: " << error.what() << '\n';
  return EXIT_FAILURE;
}
