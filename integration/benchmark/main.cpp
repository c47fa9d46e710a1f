// benchmark [--quick] [--output FILE] [SHAPE...]: see integration/benchmark/run.
#include "integration/benchmark/goals.hpp"
#include "integration/benchmark/report.hpp"
#include "integration/benchmark/shapes.hpp"
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
using Shape = std::pair<std::string, std::function<json(double)>>;

const std::vector<Shape>& shapes() {
  using namespace benchmark;
  static const std::vector<Shape> all{
      {"calls", [](double effort) { return to_json(measure_calls(effort)); }},
      {"questions", [](double effort) { return to_json(measure_questions(effort)); }},
      {"rules", [](double effort) { return to_json(measure_rules(effort)); }},
      {"leases", [](double effort) { return to_json(measure_leases(effort)); }},
      {"throughput", measure_throughput},
      {"costs", [](double) { return measure_costs(); }},
      {"attachments", [](double effort) { return to_json(measure_attachments(effort)); }}};
  return all;
}

struct Wanted {
  double effort = 1;
  std::string output;
  std::vector<std::string> shapes;
};

bool is_known(const std::string& name) {
  for (const auto& shape : shapes()) {
    if (shape.first == name) return true;
  }
  return false;
}

Wanted read_arguments(const std::vector<std::string>& arguments) {
  constexpr double quick = 0.1;
  Wanted wanted;
  for (std::size_t place = 0; place < arguments.size(); ++place) {
    const auto& argument = arguments[place];
    if (argument == "--quick")
      wanted.effort = quick;
    else if (argument == "--output" && place + 1 < arguments.size())
      wanted.output = arguments[++place];
    else if (is_known(argument))
      wanted.shapes.push_back(argument);
    else
      throw std::runtime_error("\"" + argument + "\" is neither an option nor a shape");
  }
  return wanted;
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

bool is_wanted(const Wanted& wanted, const std::string& shape) {
  if (wanted.shapes.empty()) return true;
  return std::find(wanted.shapes.begin(), wanted.shapes.end(), shape) != wanted.shapes.end();
}

void run(const Wanted& wanted) {
  json measured{{"machine", machine()}};
  std::ofstream file;
  if (!wanted.output.empty()) file.open(wanted.output);
  if (const auto refused = support::enter_sandbox()) throw std::runtime_error(*refused);
  for (const auto& [name, measure] : shapes()) {
    if (!is_wanted(wanted, name)) continue;
    measured[name] = measure(wanted.effort);
    std::cout << benchmark::to_text({{name, measured[name]}}) << std::flush;
  }
  measured["machine"]["load after"] = load();
  measured["goals"] = benchmark::compare_with_goals(measured);
  std::cout << benchmark::to_text({{"goals", measured["goals"]}});
  std::cout << "\nmachine: " << measured["machine"].dump() << '\n';
  file << measured.dump(2) << '\n';
}

}  // namespace

int main(int count, char** arguments) try {
  run(read_arguments({arguments + 1, arguments + count}));
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::cerr << "benchmark: " << error.what() << '\n';
  return EXIT_FAILURE;
}
