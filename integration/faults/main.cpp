// faults [--short] [--minutes N] [--output FILE] [KIND...]: see integration/faults/run.
#include "integration/faults/sweeps.hpp"
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
  std::vector<Task> (*tasks)(const faults::Setting&);
  enum class Place {
    in_the_sandbox,
    alone_in_the_sandbox,  ///< needs the whole machine
    before_the_sandbox     ///< needs the rights of the machine's root
  } place = Place::in_the_sandbox;
};

const std::vector<Kind> kinds{{"kill", faults::kills},
                              {"errors", faults::errors},
                              {"shortages", faults::shortages},
                              {"refusals", faults::refusals},
                              {"deaths", faults::deaths},
                              {"streams", faults::streams},
                              {"state", faults::damages},
                              {"chain", faults::chains},
                              {"power", faults::power_cuts, Kind::Place::before_the_sandbox},
                              {"storm", faults::storms, Kind::Place::alone_in_the_sandbox}};

const Kind soak{"soak", faults::soaks, Kind::Place::alone_in_the_sandbox};  // on demand

struct Wanted {
  faults::Setting setting;
  std::string output;
  std::vector<std::string> kinds;
};

bool is_known(const std::string& name) {
  return name == soak.name || std::ranges::find(kinds, name, &Kind::name) != kinds.end();
}

Wanted read_arguments(const std::vector<std::string>& arguments) {
  Wanted wanted;
  for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
    if (*argument == "--short")
      wanted.setting.is_short = true;
    else if (*argument == "--output" && argument + 1 != arguments.end())
      wanted.output = *++argument;
    else if (*argument == "--minutes" && argument + 1 != arguments.end())
      wanted.setting.soak = std::chrono::minutes{std::stoi(*++argument)};
    else if (is_known(*argument))
      wanted.kinds.push_back(*argument);
    else
      throw std::invalid_argument("\"" + *argument + "\" is neither an option nor a kind of fault");
  }
  return wanted;
}

std::vector<Kind> wanted_kinds(const Wanted& wanted) {
  if (wanted.kinds.empty()) return kinds;
  std::vector<Kind> all = kinds;
  all.push_back(soak);
  std::erase_if(all,
                [&](const Kind& kind) { return std::ranges::find(wanted.kinds, kind.name) == wanted.kinds.end(); });
  return all;
}

std::vector<Report> make_faults(const Wanted& wanted, Kind::Place place) {
  std::vector<Task> tasks;
  for (const auto& kind : wanted_kinds(wanted)) {
    if (kind.place == place) std::ranges::copy(kind.tasks(wanted.setting), std::back_inserter(tasks));
  }
  const bool is_alone = place == Kind::Place::alone_in_the_sandbox;
  const auto at_once = is_alone ? 1 : std::max(1U, std::thread::hardware_concurrency());
  const auto tell = [](const Report& report) {
    for (const auto& failure : report.failures) std::cout << report.subject << ": " << failure << '\n' << std::flush;
  };
  const auto tell_subject = [](const Report& report) { std::cout << faults::to_text(report) << std::flush; };
  return faults::merged(faults::do_all(tasks, at_once, tell, tell_subject));
}

void write_down(const std::vector<Report>& reports, const std::string& path) {
  auto all = nlohmann::json::array();
  for (const auto& report : reports) all.push_back(faults::to_json(report));
  std::ofstream{path} << all.dump(2) << '\n';
}

/// Made by the machine's root, before root is another one's.
class StrangersFolder {
 public:
  StrangersFolder() {
    constexpr uid_t nobody = 65534;
    std::string name = "/tmp/veth-cni-stranger-XXXXXX";
    if (::geteuid() == 0 && ::mkdtemp(name.data()) != nullptr && ::chown(name.c_str(), nobody, nobody) == 0)
      path_ = name;
  }
  StrangersFolder(const StrangersFolder&) = delete;
  StrangersFolder& operator=(const StrangersFolder&) = delete;
  ~StrangersFolder() { ::rmdir(path_.c_str()); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// As in integration/support/main.cpp: whoever has to rely on it says so.
bool has_to_run() { return std::getenv("VETH_SANDBOX_REQUIRED") != nullptr; }

bool is_as_promised(const Report& report) {
  if (!report.failures.empty()) return false;
  return report.not_run.empty() || !has_to_run();
}

/// False where anything was not as it should be.
bool conclude(const std::vector<Report>& reports, const Wanted& wanted) {
  if (!wanted.output.empty()) write_down(reports, wanted.output);
  return std::ranges::all_of(reports, is_as_promised);
}

/// False where a kind that is wanted could not be run and has to.
bool run_in_sandbox(const Wanted& wanted, std::vector<Report>& reports) {
  if (const auto refused = support::enter_sandbox()) {
    std::cerr << "faults: NOT RUN: this machine allows no sandbox: " << *refused << '\n';
    return !has_to_run();
  }
  for (const auto place : {Kind::Place::in_the_sandbox, Kind::Place::alone_in_the_sandbox})
    std::ranges::copy(make_faults(wanted, place), std::back_inserter(reports));
  return true;
}

int run(Wanted wanted) {
  std::signal(SIGPIPE, SIG_IGN);
  const StrangersFolder strangers;
  wanted.setting.strangers_folder = strangers.path();
  auto reports = make_faults(wanted, Kind::Place::before_the_sandbox);
  const bool has_run = run_in_sandbox(wanted, reports);
  const bool is_well = conclude(reports, wanted);
  return has_run && is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** arguments) try {
  return run(read_arguments({arguments + 1, arguments + count}));
} catch (const std::exception& error) {
  std::cerr << "faults: " << error.what() << '\n';
  return EXIT_FAILURE;
}
