#include "integration/faults/examine.hpp"
#include "integration/faults/scene.hpp"
#include "integration/faults/sweeps.hpp"

#include <sys/mount.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace faults {
namespace {

/// What stands at the ends of a plugin's standard streams.
struct Ends {
  const char* name;
  std::string commands;  ///< of a shell, which runs the plugin as "$0"
  bool prints = false;   ///< whether a result can reach anybody
};

/// Three streams closed or not, all combinations.
std::vector<Ends> closed_streams() {
  constexpr std::array closings{" <&-", " >&-", " 2>&-"};
  std::vector<Ends> all;
  for (unsigned set = 1; set < 8; ++set) {
    std::string commands = "exec \"$0\"";
    for (unsigned stream = 0; stream < closings.size(); ++stream)
      if ((set >> stream & 1U) != 0) commands += closings.at(stream);
    all.push_back({"closed streams", commands, set == 4});
  }
  return all;
}

std::vector<Ends> ends() {
  std::vector<Ends> all{
      {"the disk behind the result is full", R"(exec "$0" >/dev/full)"},
      {"the disk behind the result has room for a part of it", R"(exec "$0" >>/run/test/small/file)"},
      {"nobody reads the result", R"(mkfifo /run/test/p; exec 3<>/run/test/p 4>/run/test/p 3>&-; exec "$0" >&4 4>&-)"},
      {"the result goes to what cannot be written", R"(exec "$0" 1</dev/null)"},
      {"the input is a folder", R"(exec "$0" </run)"},
      {"the input is empty", R"(exec "$0" </dev/null)"},
      {"the disk behind the messages is full", R"(exec "$0" 2>/dev/full)", true}};
  for (const auto& closed : closed_streams()) all.push_back(closed);
  return all;
}

/// One page, of which a few bytes are free.
void make_small_disk() {
  constexpr int nearly_a_page = 4000;
  std::filesystem::create_directory("/run/test/small");
  if (::mount("tmpfs", "/run/test/small", "tmpfs", 0, "size=4k") < 0) throw std::runtime_error("cannot mount a tmpfs");
  std::ofstream{"/run/test/small/file"} << std::string(nearly_a_page, ' ');
}

void note(const std::string& what, const std::string& fault, Report& report) {
  ++report.points;
  if (!fault.empty()) report.failures.push_back(what + ": " + fault);
}

void add_and_delete_with(const Ends& ends, const Network& network, Report& report) {
  for (const std::string verb : {"ADD", "DEL"}) {
    Scene scene{network};
    make_small_disk();
    if (verb == "DEL") scene.prepare("ADD");
    const auto answer = scene.perform_in_shell(verb, ends.commands);
    auto fault = examine(verb, scene, answer);
    if (verb == "ADD" && (answer.exit == 0) != ends.prints) fault += told("a wrong exit status", answer);
    note(verb + ", " + ends.name + " (" + ends.commands + ")", fault, report);
  }
}

/// The runtime dies while it writes.
void cut_input(const Network& network, Report& report) {
  constexpr std::size_t cuts = 40;
  Scene scene{network};
  auto call = scene.call("ADD");
  const auto whole = call.config.dump();
  for (std::size_t cut = 0; cut < cuts; ++cut) {
    call.input = whole.substr(0, whole.size() * cut / cuts);
    const auto answer = support::call(call);
    auto fault = scene.changes();
    if (answer.exit != 1 || support::code_of(answer) == 0) fault += told("no error", answer);
    note("ADD, input cut at byte " + std::to_string(call.input->size()), fault, report);
  }
}

/// A byte at a time, with pauses between.
void slow_input(const Network& network, Report& report) {
  constexpr auto commands = R"(bash -c 'while IFS= read -r -d "" -n 1 byte
                                         do printf %s "$byte"; ((++count % 50)) || sleep 0.01; done | "$0"' "$0")";
  for (const std::string verb : {"ADD", "DEL"}) {
    Scene scene{network};
    if (verb == "DEL") scene.prepare("ADD");
    const auto answer = scene.perform_in_shell(verb, commands);
    auto fault = examine(verb, scene, answer);
    if (answer.exit != 0) fault += told("no success", answer);
    note(verb + ", input a byte at a time", fault, report);
  }
}

/// The wait is bounded, whether nothing comes or ever more.
void endless_input(const std::string& commands, Report& report) {
  for (const std::string verb : {"ADD", "DEL"}) {
    Scene scene{network("ptp")};
    if (verb == "DEL") scene.prepare("ADD");
    const auto answer = scene.perform_in_shell(verb, commands);
    auto fault = examine(verb, scene, answer);
    if (answer.exit != 1) fault += told("no error", answer);
    note(verb + ", input without end", fault, report);
  }
}

}  // namespace

std::vector<Task> streams(const Setting& setting) {
  std::vector<Task> tasks;
  for (const auto& network : networks()) {
    if (setting.is_short && network.name != "ptp with everything") continue;
    tasks.push_back({"streams", network.name, [&network](Report& report) {
                       for (const auto& each : ends()) add_and_delete_with(each, network, report);
                       cut_input(network, report);
                       slow_input(network, report);
                     }});
  }
  for (const char* commands : {R"(mkfifo /run/test/p; exec "$0" <>/run/test/p)",
                               R"(mkfifo /run/test/p
                                  (while printf ' '; do sleep 0.2; done) >/run/test/p 2>/dev/null &
                                  exec "$0" </run/test/p)"})
    tasks.push_back({"streams", "input without end", [commands](Report& report) { endless_input(commands, report); }});
  return tasks;
}

}  // namespace faults
