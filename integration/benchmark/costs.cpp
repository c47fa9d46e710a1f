#include "integration/benchmark/node.hpp"
#include "integration/benchmark/peak_memory.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/benchmark/suites.hpp"
#include "integration/support/call.hpp"
#include "integration/support/sandbox.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

namespace benchmark {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

json peak_memory(const Program& program) { return measure_peak_memory(program); }

json page_faults(const Program& program) { return run_timed(program).page_faults; }

Program under(std::vector<std::string> tool, Program program) {
  tool.insert(tool.end(), program.argv.begin(), program.argv.end());
  program.argv = std::move(tool);
  return program;
}

/// The columns of strace -c are "% time", "seconds", "usecs/call", "calls", "errors", "syscall"; the last line is the
/// total.
json system_calls(const Program& program) {
  constexpr auto strace = "/usr/bin/strace";
  constexpr auto table = "/run/system-calls";
  if (::access(strace, X_OK) != 0) return "strace is not installed";
  run_timed(under({strace, "-f", "-c", "-o", table}, program));
  json counts;
  std::ifstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::vector<std::string> columns{std::istream_iterator<std::string>{words}, {}};
    if (columns.size() < 5 || columns[3].find_first_not_of("0123456789") != std::string::npos) continue;
    counts[columns.back()] = std::stoi(columns[3]);
  }
  return counts;
}

bool is_del(const Program& program) {
  return std::ranges::find(program.environment, "CNI_COMMAND=DEL") != program.environment.end();
}

/// Not of DEL: valgrind cannot run the helper that sends the deletion (CLONE_VM).
json instructions(const Program& program) {
  constexpr auto valgrind = "/usr/bin/valgrind";
  if (::access(valgrind, X_OK) != 0) return "valgrind is not installed";
  if (is_del(program)) {
    run_timed(program);
    return nullptr;
  }
  const auto timing =
      run_timed(under({valgrind, "--tool=callgrind", "--callgrind-out-file=/run/instructions"}, program));
  std::smatch found;
  if (!std::regex_search(timing.error_output, found, std::regex{"Collected : ([0-9]+)"}))
    return "not in the output of valgrind";
  return std::stol(found[1]);
}

using Instrument = json (*)(const Program&);

/// Makes an ADD and a DEL under the instrument.
void measure_call(const Subject& subject, Node& node, const std::pair<const char*, Instrument>& instrument, json& row) {
  const auto target = node.new_container();
  target.node.enter();
  const auto& plugin = subject.plugins.front();
  for (const char* command : {"ADD", "DEL"}) {
    row[command][instrument.first] = instrument.second(call_of(command, plugin, target));
    std::this_thread::sleep_for(50ms);
  }
}

}  // namespace

json measure_costs() {
  support::make_node();
  Node node{"node"};
  json costs{{"sizes in bytes", json::object()}, {"calls", json::array()}};
  for (const char* name : {"veth", "veth-ipam", "loopback", "vethctl"}) {
    const auto file = std::filesystem::path{support::executables()} / name;
    if (std::filesystem::exists(file)) costs["sizes in bytes"][name] = std::filesystem::file_size(file);
  }
  for (const auto& subject : {floor_ipv4(), veth_ipv4(1), veth_dual_stack(2), veth_kubernetes(3)}) {
    Attachment first{subject, node.new_container()};
    first.add();
    first.del();
    json row{{"subject", subject.name}};
    measure_call(subject, node, {"peak KiB", peak_memory}, row);
    measure_call(subject, node, {"page faults", page_faults}, row);
    measure_call(subject, node, {"system calls", system_calls}, row);
    measure_call(subject, node, {"instructions", instructions}, row);
    costs["calls"].push_back(row);
  }
  return costs;
}

}  // namespace benchmark
