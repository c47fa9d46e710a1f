#include "integration/faults/examine.hpp"
#include "integration/faults/sweeps.hpp"
#include "integration/support/call.hpp"
#include "integration/support/networks.hpp"
#include "integration/support/sandbox.hpp"

#include <net/if.h>

#include <chrono>
#include <set>
#include <thread>

namespace faults {
namespace {

/// The kernel takes the interfaces of a namespace away some time after the namespace.
bool is_gone_in_time(const std::string& interface) {
  constexpr int tries = 1000;
  for (int time = 0; time < tries && ::if_nametoindex(interface.c_str()) != 0; ++time)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return ::if_nametoindex(interface.c_str()) == 0;
}

std::string add_and_lose(const std::string& id, const nlohmann::json& config, std::set<std::string>& addresses) {
  support::Answer answer;
  {
    const support::Container container{id};
    answer = support::add(container, config);
  }
  if (answer.exit != 0) return told("ADD of " + id, answer);
  addresses.insert(support::address_of(answer.result, 4));
  return is_gone_in_time(support::host_interface_of(answer.result)) ? "" : "the interface of " + id + " stays";
}

/// A runtime whose later plugin fails takes the namespace away, and its DEL ends at that plugin, before ours.
void fail_behind(const std::string& mode, Report& report) {
  constexpr int times = 100;
  support::make_node();
  std::set<std::string> addresses;
  for (int time = 1; time <= times; ++time) {
    const auto fault = add_and_lose("c" + std::to_string(time), support::of_few_addresses(mode), addresses);
    ++report.points;
    if (!fault.empty()) report.failures.push_back(fault);
  }
  report.figures["addresses used"] = addresses.size();
}

}  // namespace

std::vector<Task> chains(const Setting&) {
  std::vector<Task> tasks;
  for (const std::string mode : {"ptp", "bridge"})
    tasks.push_back({"chain", "100 containers without DEL on a /28, " + mode,
                     [mode](Report& report) { fail_behind(mode, report); }});
  return tasks;
}

}  // namespace faults
