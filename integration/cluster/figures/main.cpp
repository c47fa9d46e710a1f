// cluster-figures [NODES...]: what the network of a node costs in a cluster of that many nodes with both families (by
// default 1,000 and 10,000), and how long a change needs to reach 1,000 watchers of etcd. Measured in a sandbox: no
// privileges are needed, and the machine's network is not changed.
#include "integration/support/command.hpp"
#include "integration/support/etcd_server.hpp"
#include "integration/support/sandbox.hpp"
#include "plugin/etcd/etcd_store.hpp"
#include "plugin/kernel/node_network.hpp"
#include "plugin/node/plan.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

/// In milliseconds.
struct Duration {
  double elapsed = 0;
  double processor = 0;  ///< of this program and of those that it has run, in user space and kernel
};

double milliseconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

double processor_time() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    sum += milliseconds_of(usage.ru_utime) + milliseconds_of(usage.ru_stime);
  }
  return sum;
}

Duration time_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  const auto processor = processor_time();
  action();
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  return {.elapsed = elapsed.count(), .processor = processor_time() - processor};
}

std::string bytes_text(std::uint32_t number) {
  constexpr std::uint32_t per_byte = 256;
  return std::to_string(number / per_byte) + '.' + std::to_string(number % per_byte);
}

/// Node 0 is the node itself. Each has one block, and an address of each family.
cluster::Directory directory_of(std::uint32_t count) {
  cluster::Directory directory;
  directory.pools["default"] = {.prefixes = {*cni::find_prefix("10.128.0.0/9"), *cni::find_prefix("fd00:244::/105")}};
  for (std::uint32_t number = 0; number <= count; ++number) {
    const auto name = "node" + std::to_string(number);
    directory.nodes[name] = {.addresses = {*cni::find_address("172.16." + bytes_text(number)),
                                           *cni::find_address("fd00:2::172.16." + bytes_text(number))},
                             .machine = {},
                             .pod_networks = {}};
    directory.blocks[{"default", number}] = name;
  }
  return directory;
}

void apply_all(const wiring::NodeNetwork& wanted, const wiring::NodeNetwork& observed) {
  const auto failed = kernel::apply(wiring::difference(wanted, observed));
  if (failed.empty()) return;
  throw std::runtime_error(wiring::to_string(failed.front().change) + ": " + failed.front().error.what());
}

void run_program(const std::string& program, const std::string& lines) {
  const auto outcome = support::run({.argv = {program, "-batch", "-"}, .input = lines});
  if (outcome.exit != 0) throw std::runtime_error(program + ": " + outcome.err);
}

/// Three objects for each node and family, as flannel's backend "vxlan" makes them, one system call for each.
Duration time_of_flannel(const wiring::NodeNetwork& wanted) {
  run_program("ip", "link add flannel.1 type vxlan id 1 dstport 8472 nolearning\nlink set flannel.1 up\n");
  std::string objects;
  std::string forwarding;
  std::uint32_t number = 0;
  for (const auto& [prefix, route] : wanted.routes) {
    if (prefix.address.family != cni::Family::ipv4) continue;
    const auto gateway = cni::to_string(cni::first_address(prefix));
    const auto mac = cni::to_string(cni::MacAddress{
        {2, 0, 0, 0, static_cast<std::uint8_t>(number / 256), static_cast<std::uint8_t>(number % 256)}});
    ++number;
    objects += "neighbour replace " + gateway + " lladdr " + mac + " dev flannel.1 nud permanent\nroute replace " +
               cni::to_string(prefix) + " via " + gateway + " dev flannel.1 onlink\n";
    forwarding += "fdb replace " + mac + " dev flannel.1 self dst 172.16." + bytes_text(number) + '\n';
  }
  const auto time = time_of([&] {
    run_program("bridge", forwarding);
    run_program("ip", objects);
  });
  run_program("ip", "link del flannel.1\n");
  return time;
}

class Report {
 public:
  void add(const std::string& row, const Duration& time) {
    if (!times_.contains(row)) order_.push_back(row);
    times_[row].push_back(time);
  }

  void print(std::uint32_t count) {
    std::cout << "\n| " << count << " nodes | elapsed, ms: median | least | processor, ms: least |\n|---|---|---|---|\n"
              << std::fixed << std::setprecision(1);
    for (const auto& row : order_) {
      auto& times = times_[row];
      std::ranges::sort(times, {}, &Duration::elapsed);
      std::cout << "| " << row << " | " << times[times.size() / 2].elapsed << " | " << times.front().elapsed << " | "
                << std::ranges::min(times, {}, &Duration::processor).processor << " |\n";
    }
  }

 private:
  std::map<std::string, std::vector<Duration>> times_;
  std::vector<std::string> order_;
};

void measure_once(const cluster::Directory& directory, Report& report) {
  constexpr const char* own = "node0";
  const node::Settings tunnel{.routing = node::Routing::tunnel};
  node::Underlay underlay;
  wiring::NodeNetwork wanted;
  report.add("plan", time_of([&] { wanted = node::plan(directory, own, underlay, tunnel); }));
  report.add("from nothing: observe, difference, apply",
             time_of([&] { apply_all(wanted, kernel::observe_node_network()); }));
  wiring::NodeNetwork observed;
  report.add("observe", time_of([&] { observed = kernel::observe_node_network(); }));
  report.add("difference, nothing to change", time_of([&] {
               if (!wiring::difference(wanted, observed).empty()) throw std::runtime_error("something has changed");
             }));
  underlay.next_hops = observed.next_hops;
  auto changed = directory;
  changed.nodes["node7"].addresses = {*cni::find_address("192.0.2.7")};
  const auto with_change = node::plan(changed, own, underlay, tunnel);
  const auto changes = wiring::difference(with_change, observed);
  report.add("apply the new address of a node", time_of([&] { kernel::apply(changes); }));
  report.add("remove everything", time_of([&] { apply_all({}, with_change); }));
  report.add("flannel's three objects, only IPv4", time_of_flannel(wanted));
}

void measure(std::uint32_t count) {
  constexpr int rounds = 5;
  const auto directory = directory_of(count);
  Report report;
  for (int round = 0; round < rounds; ++round) measure_once(directory, report);
  report.print(count);
}

/// From a change until the last of many watchers has it. They run in this process, beside etcd.
void measure_watchers(std::size_t count) {
  const support::EtcdServer server;
  const etcd::Settings settings{.servers = {.endpoints = {http::read_endpoint(server.url())}}};
  etcd::EtcdStore store{settings};
  std::atomic<std::size_t> seen = 0;
  const auto revision = store.list("").revision;
  std::vector<std::thread> watchers;
  for (std::size_t i = 0; i < count; ++i) {
    watchers.emplace_back([&] {
      etcd::EtcdStore{settings}.watch("", revision, [&](const cluster::Changes& changes) {
        seen += changes.changes.size();
        return std::ranges::none_of(changes.changes, [](const auto& change) { return change.item.key == "end"; });
      });
    });
  }
  const auto time_until_all = [&](const std::string& key) {
    const auto begin = std::chrono::steady_clock::now();
    seen = 0;
    store.create(key, "{}");
    while (seen < count) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  };
  time_until_all("begin");
  std::vector<double> times;
  constexpr int changes = 100;
  for (int i = 0; i < changes; ++i) times.push_back(time_until_all(std::to_string(i)));
  time_until_all("end");
  for (auto& watcher : watchers) watcher.join();
  std::ranges::sort(times);
  std::cout << std::fixed << std::setprecision(0) << "the last of " << count << " watchers has a change after "
            << times[changes / 2] << " ms (median), " << times[changes - 2] << " ms (p99), " << times.back()
            << " ms (longest of " << changes << ")\n";
}

}  // namespace

int main(int argc, char** argv) try {
  if (const auto refusal = support::enter_sandbox()) throw std::runtime_error("no namespaces: " + *refusal);
  support::make_node();
  run_program("ip", "link add und0 type bridge\naddress add 172.16.0.0/16 dev und0\nlink set und0 up\n");
  constexpr std::size_t watchers = 1000;
  measure_watchers(watchers);
  std::vector<std::uint32_t> counts;
  for (int place = 1; place < argc; ++place) counts.push_back(static_cast<std::uint32_t>(std::stoul(argv[place])));
  if (counts.empty()) counts = {1000, 10000};
  for (const auto count : counts) measure(count);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::cerr << "cluster-figures: " << error.what() << '\n';
  return EXIT_FAILURE;
}
