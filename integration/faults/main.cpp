// faults [--short] [--output FILE] [KIND...]: see integration/faults/run.
#include "integration/faults/sweeps.hpp"
#include "integration/support/sandbox.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using faults::Report;
using faults::Task;

struct Kind {
  std::string name;
  std::vector<Task> (*tasks)(bool is_short);
};

const std::vector<Kind> kinds{{"kill", faults::kills}, {"errors", faults::errors}};

struct Wanted {
  bool is_short = false;
  std::string output;
  std::vector<std::string> kinds;
};

bool is_known(const std::string& name) { return std::ranges::find(kinds, name, &Kind::name) != kinds.end(); }

Wanted read_arguments(const std::vector<std::string>& arguments) {
  Wanted wanted;
  for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
    if (*argument == "--short")
      wanted.is_short = true;
    else if (*argument == "--output" && argument + 1 != arguments.end())
      wanted.output = *++argument;
    else if (is_known(*argument))
      wanted.kinds.push_back(*argument);
    else
      throw std::invalid_argument("\"" + *argument + "\" is neither an option nor a kind of fault");
  }
  return wanted;
}

bool is_wanted(const Wanted& wanted, const Kind& kind) {
  return wanted.kinds.empty() || std::ranges::find(wanted.kinds, kind.name) != wanted.kinds.end();
}

std::vector<Report> make_faults(const Wanted& wanted) {
  std::vector<Task> tasks;
  for (const auto& kind : kinds) {
    if (!is_wanted(wanted, kind)) continue;
    for (auto& task : kind.tasks(wanted.is_short)) tasks.push_back(std::move(task));
  }
  const auto at_once = std::max(1U, std::thread::hardware_concurrency());
  return faults::merged(faults::do_all(tasks, at_once, [](const Report& report) {
    if (!report.failures.empty()) std::cout << faults::to_text(report) << std::flush;
  }));
}

void write_down(const std::vector<Report>& reports, const std::string& path) {
  auto all = nlohmann::json::array();
  for (const auto& report : reports) all.push_back(faults::to_json(report));
  std::ofstream{path} << all.dump(2) << '\n';
}

/// As in integration/support/main.cpp: whoever has to rely on it says so.
int cannot_run(const std::string& reason) {
  std::cerr << "faults: NOT RUN: this machine allows no sandbox: " << reason << '\n';
  return std::getenv("VETH_SANDBOX_REQUIRED") != nullptr ? EXIT_FAILURE : EXIT_SUCCESS;
}

int run(const Wanted& wanted) {
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto refused = support::enter_sandbox()) return cannot_run(*refused);
  const auto reports = make_faults(wanted);
  std::size_t failures = 0;
  for (const auto& report : reports) {
    failures += report.failures.size();
    std::cout << faults::to_text(report);
  }
  if (!wanted.output.empty()) write_down(reports, wanted.output);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** arguments) try {
  return run(read_arguments({arguments + 1, arguments + count}));
} catch (const std::exception& error) {
  std::cerr << "faults: " << error.what() << '\n';
  return EXIT_FAILURE;
}
