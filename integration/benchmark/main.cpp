// benchmark [--quick] FILE [SUITE...]: measures the suites and writes the figures to the file, as JSON. Exit status 2
// if a goal is missed. See integration/benchmark/run.
#include "integration/benchmark/goals.hpp"
#include "integration/benchmark/suites.hpp"
#include "integration/support/sandbox.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using nlohmann::json;
using Suite = std::pair<std::string, std::function<json(double)>>;

const std::vector<Suite>& suites() {
  using namespace benchmark;
  static const std::vector<Suite> all{
      {"calls", [](double effort) { return to_json(measure_calls(effort)); }},
      {"status", [](double effort) { return to_json(measure_status(effort)); }},
      {"rules", [](double effort) { return to_json(measure_rules(effort)); }},
      {"leases", [](double effort) { return to_json(measure_leases(effort)); }},
      {"throughput", measure_throughput},
      {"costs", [](double) { return measure_costs(); }},
      {"attachments", [](double effort) { return to_json(measure_attachments(effort)); }}};
  return all;
}

/// Large amounts, and what not every kernel has. They run only if they are named.
const std::vector<Suite>& other_suites() {
  using namespace benchmark;
  static const std::vector<Suite> all{
      {"devices", [](double effort) { return to_json(measure_devices(effort)); }},
      {"stale", [](double effort) { return to_json(measure_gc_of_stale(effort)); }},
      {"beside", [](double effort) { return to_json(measure_del_beside_records(effort)); }},
      {"full", [](double effort) { return to_json(measure_full_range(effort)); }},
      {"taken", [](double effort) { return to_json(measure_taken_range(effort)); }},
      {"check", [](double effort) { return to_json(measure_vethctl_check(effort)); }},
      {"ports", [](double effort) { return to_json(measure_ports(effort)); }},
      {"conntrack", [](double effort) { return to_json(measure_conntrack(effort)); }}};
  return all;
}

struct Arguments {
  double effort = 1;
  std::string output;
  std::vector<std::string> suites;
};

bool is_suite(const std::string& name) {
  const auto has_name = [&](const Suite& suite) { return suite.first == name; };
  return std::any_of(suites().begin(), suites().end(), has_name) ||
         std::any_of(other_suites().begin(), other_suites().end(), has_name);
}

Arguments read_arguments(const std::vector<std::string>& words) {
  constexpr double quick = 0.1;
  Arguments arguments;
  for (const auto& word : words) {
    if (word == "--quick")
      arguments.effort = quick;
    else if (arguments.output.empty())
      arguments.output = word;
    else if (is_suite(word))
      arguments.suites.push_back(word);
    else
      throw std::runtime_error("\"" + word + "\" is neither an option nor a suite");
  }
  return arguments;
}

std::string load() {
  std::ifstream file{"/proc/loadavg"};
  std::string text;
  std::getline(file, text);
  return text;
}

json machine() {
  utsname name{};
  ::uname(&name);
  return {{"kernel", name.release}, {"processors", std::thread::hardware_concurrency()}, {"load before", load()}};
}

std::vector<Suite> selected_suites(const Arguments& arguments) {
  if (arguments.suites.empty()) return suites();
  auto selected = suites();
  selected.insert(selected.end(), other_suites().begin(), other_suites().end());
  const auto& names = arguments.suites;
  std::erase_if(selected,
                [&](const Suite& suite) { return std::find(names.begin(), names.end(), suite.first) == names.end(); });
  return selected;
}

/// Opens the file before the sandbox hides it.
json run(const Arguments& arguments) {
  json measured{{"machine", machine()}};
  std::ofstream file{arguments.output};
  if (const auto refused = support::enter_sandbox()) throw std::runtime_error(*refused);
  for (const auto& [name, measure] : selected_suites(arguments)) {
    std::cerr << "measuring " << name << '\n';
    measured[name] = measure(arguments.effort);
  }
  measured["machine"]["load after"] = load();
  measured["goals"] = benchmark::compare_with_goals(measured);
  file << measured.dump(2) << '\n';
  return measured;
}

}  // namespace

int main(int count, char** arguments) try {
  constexpr int goal_missed = 2;
  const auto measured = run(read_arguments({arguments + 1, arguments + count}));
  return benchmark::are_met(measured.at("goals")) ? EXIT_SUCCESS : goal_missed;
} catch (const std::exception& error) {
  std::cerr << "benchmark: " << error.what() << '\n';
  return EXIT_FAILURE;
}
