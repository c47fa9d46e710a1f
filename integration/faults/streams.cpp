#include "integration/faults/invariants.hpp"
#include "integration/faults/kinds.hpp"
#include "integration/faults/scenario.hpp"

#include <sys/mount.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace faults {
namespace {

/// What the standard streams of a plugin are connected to.
struct StreamCase {
  const char* name;
  std::string commands;    ///< of a shell, which runs the plugin as "$0"
  bool can_print = false;  ///< whether the result can be read
};

/// All combinations of closed streams.
std::vector<StreamCase> closed_streams() {
  constexpr std::array closings{" <&-", " >&-", " 2>&-"};
  std::vector<StreamCase> all;
  for (unsigned set = 1; set < 8; ++set) {
    std::string commands = "exec \"$0\"";
    for (unsigned stream = 0; stream < closings.size(); ++stream)
      if ((set >> stream & 1U) != 0) commands += closings.at(stream);
    all.push_back({"closed streams", commands, set == 4});
  }
  return all;
}

std::vector<StreamCase> stream_cases() {
  std::vector<StreamCase> all{
      {"the result goes to a full disk", R"(exec "$0" >/dev/full)"},
      {"the result goes to a disk with room for a part of it", R"(exec "$0" >>/run/test/small/file)"},
      {"the result goes to a pipe without reader",
       R"(mkfifo /run/test/p; exec 3<>/run/test/p 4>/run/test/p 3>&-; exec "$0" >&4 4>&-)"},
      {"the result goes to a descriptor opened for reading", R"(exec "$0" 1</dev/null)"},
      {"the input is a folder", R"(exec "$0" </run)"},
      {"the input is empty", R"(exec "$0" </dev/null)"},
      {"the messages go to a full disk", R"(exec "$0" 2>/dev/full)", true}};
  for (const auto& closed : closed_streams()) all.push_back(closed);
  return all;
}

/// A tmpfs of one page, of which a few bytes are free.
void make_small_disk() {
  constexpr int nearly_a_page = 4000;
  std::filesystem::create_directory("/run/test/small");
  if (::mount("tmpfs", "/run/test/small", "tmpfs", 0, "size=4k") < 0) throw std::runtime_error("cannot mount a tmpfs");
  std::ofstream{"/run/test/small/file"} << std::string(nearly_a_page, ' ');
}

void count(const std::string& what, const std::string& problem, Report& report) {
  ++report.points;
  if (!problem.empty()) report.failures.push_back(what + ": " + problem);
}

void add_and_delete_with(const StreamCase& streams, const Network& network, Report& report) {
  for (const std::string verb : {"ADD", "DEL"}) {
    Scenario scenario{network};
    make_small_disk();
    if (verb == "DEL") scenario.perform_or_throw("ADD");
    const auto answer = scenario.perform_in_shell(verb, streams.commands);
    auto problem = check_invariants(verb, scenario, answer);
    if (verb == "ADD" && (answer.exit == 0) != streams.can_print) problem += describe("wrong exit status", answer);
    count(verb + ", " + streams.name + " (" + streams.commands + ")", problem, report);
  }
}

/// As if the runtime ended while it writes.
void cut_input(const Network& network, Report& report) {
  constexpr std::size_t cuts = 40;
  Scenario scenario{network};
  auto call = scenario.call("ADD");
  const auto whole = call.config.dump();
  for (std::size_t cut = 0; cut < cuts; ++cut) {
    call.input = whole.substr(0, whole.size() * cut / cuts);
    const auto answer = support::call(call);
    auto problem = scenario.changes();
    if (answer.exit != 1 || support::code_of(answer) == 0) problem += describe("the call succeeded", answer);
    count("ADD, input cut at byte " + std::to_string(call.input->size()), problem, report);
  }
}

/// One byte at a time, with pauses.
void slow_input(const Network& network, Report& report) {
  constexpr auto commands = R"(bash -c 'while IFS= read -r -d "" -n 1 byte
                                         do printf %s "$byte"; ((++count % 50)) || sleep 0.01; done | "$0"' "$0")";
  for (const std::string verb : {"ADD", "DEL"}) {
    Scenario scenario{network};
    if (verb == "DEL") scenario.perform_or_throw("ADD");
    const auto answer = scenario.perform_in_shell(verb, commands);
    auto problem = check_invariants(verb, scenario, answer);
    if (answer.exit != 0) problem += describe("the call failed", answer);
    count(verb + ", input one byte at a time", problem, report);
  }
}

/// The wait is bounded, both for a pipe without data and for endless input.
void endless_input(const std::string& commands, Report& report) {
  for (const std::string verb : {"ADD", "DEL"}) {
    Scenario scenario{network("ptp")};
    if (verb == "DEL") scenario.perform_or_throw("ADD");
    const auto answer = scenario.perform_in_shell(verb, commands);
    auto problem = check_invariants(verb, scenario, answer);
    if (answer.exit != 1) problem += describe("the call succeeded", answer);
    count(verb + ", endless input", problem, report);
  }
}

}  // namespace

std::vector<Task> streams(const Options& options) {
  std::vector<Task> tasks;
  for (const auto& network : networks()) {
    if (options.is_short && network.name != "ptp with every key") continue;
    tasks.push_back({"streams", network.name, [&network](Report& report) {
                       for (const auto& each : stream_cases()) add_and_delete_with(each, network, report);
                       cut_input(network, report);
                       slow_input(network, report);
                     }});
  }
  for (const char* commands : {R"(mkfifo /run/test/p; exec "$0" <>/run/test/p)",
                               R"(mkfifo /run/test/p
                                  (while printf ' '; do sleep 0.2; done) >/run/test/p 2>/dev/null &
                                  exec "$0" </run/test/p)"})
    tasks.push_back({"streams", "endless input", [commands](Report& report) { endless_input(commands, report); }});
  return tasks;
}

}  // namespace faults
