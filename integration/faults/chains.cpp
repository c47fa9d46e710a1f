#include "integration/faults/invariants.hpp"
#include "integration/faults/kinds.hpp"
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/sandbox.hpp"

#include <net/if.h>

#include <chrono>
#include <set>
#include <thread>

namespace faults {
namespace {

/// The kernel deletes the interfaces of a namespace some time after the namespace.
bool disappears(const std::string& interface) {
  constexpr int tries = 1000;
  for (int attempt = 0; attempt < tries && ::if_nametoindex(interface.c_str()) != 0; ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return ::if_nametoindex(interface.c_str()) == 0;
}

std::string add_and_remove_namespace(const std::string& id, const nlohmann::json& config,
                                     std::set<std::string>& addresses) {
  support::Answer answer;
  {
    const support::Container container{id};
    answer = support::add(container, config);
  }
  if (answer.exit != 0) return describe("ADD of " + id + " failed", answer);
  addresses.insert(support::address_of(answer.result, 4));
  return disappears(support::host_interface_of(answer.result)) ? "" : "the interface of " + id + " still exists";
}

/// If a later plugin of the chain fails, the runtime removes the namespace, and its DEL stops at that plugin, so
/// it does not reach veth.
void add_without_del(const std::string& mode, Report& report) {
  constexpr int count = 100;
  support::make_node();
  std::set<std::string> addresses;
  for (int number = 1; number <= count; ++number) {
    const auto problem = add_and_remove_namespace("c" + std::to_string(number), support::small_range(mode), addresses);
    ++report.points;
    if (!problem.empty()) report.failures.push_back(problem);
  }
  report.figures["addresses used"] = addresses.size();
}

}  // namespace

std::vector<Task> chains(const Options&) {
  std::vector<Task> tasks;
  for (const std::string mode : {"ptp", "bridge"})
    tasks.push_back({"chain", "100 containers without DEL on a /28, " + mode,
                     [mode](Report& report) { add_without_del(mode, report); }});
  return tasks;
}

}  // namespace faults
