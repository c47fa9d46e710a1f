#include "plugin/vethctl/metrics.hpp"

#include "ipam/range.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/posix/replace_file.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/configurations.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"
#include "plugin/vethctl/report/prometheus.hpp"

#include <algorithm>
#include <optional>

namespace vethctl {
namespace {

using inspect::State;

/// nullopt where the addresses are another IPAM's, or the configuration is wrong: `vethctl check` tells of that.
std::optional<cni::NetworkConfig> find_config(const PluginConfiguration& plugin) try {
  if (plugin.type == "veth") return cni::parse_network_config(plugin.text, cni::Verb::version, {});
  if (plugin.ipam_type != "veth-ipam") return std::nullopt;
  return cni::parse_ipam_request(plugin.text, cni::Verb::version, {});
} catch (const cni::Error&) {
  return std::nullopt;
}

std::vector<ipam::RangeSet> find_ranges(const cni::NetworkConfig& config) try {
  return ipam::checked_range_sets(config);
} catch (const cni::Error&) {
  return {};
}

bool is_given_out(const ipam::Range& range, const cni::IpAddress& address) {
  return address != range.gateway && ipam::find_exclusion(range, address) == nullptr;
}

/// What the range has of a prefix, as first and last address; nullopt where that is nothing.
std::optional<std::pair<cni::AddressBits, cni::AddressBits>> part_of(const ipam::Range& range,
                                                                     const cni::Prefix& prefix) {
  const auto first = std::max(cni::first_address(prefix).bits, range.first.bits);
  const auto last = std::min(cni::last_address(prefix).bits, range.last.bits);
  if (first > last) return std::nullopt;
  return std::pair{first, last};
}

/// How many addresses are never given out. Exclusions may overlap.
cni::AddressBits count_withheld(const ipam::Range& range) {
  auto prefixes = range.exclude;
  if (range.gateway) prefixes.push_back(cni::host_prefix(*range.gateway));
  std::ranges::sort(prefixes, {}, [](const cni::Prefix& prefix) { return cni::first_address(prefix); });
  cni::AddressBits count = 0;
  std::optional<cni::AddressBits> seen;  // the last address that was counted
  for (const auto& prefix : prefixes) {
    const auto part = part_of(range, prefix);
    if (!part || (seen && part->second <= *seen)) continue;
    const auto begin = seen && *seen >= part->first ? *seen + 1 : part->first;
    count += part->second - begin + 1;
    seen = part->second;
  }
  return count;
}

report::RangeUse use_of(const ipam::Range& range, const std::vector<cni::IpAddress>& taken) {
  report::RangeUse use{.free = range.last.bits - range.first.bits + 1 - count_withheld(range)};
  for (const auto& address : taken) {
    if (!ipam::contains(range, address)) continue;
    ++use.used;
    if (is_given_out(range, address)) --use.free;
  }
  return use;
}

std::vector<cni::IpAddress> taken_in(const std::string& network, const std::vector<state::Folder>& folders) {
  std::vector<cni::IpAddress> taken;
  for (const auto& folder : folders) {
    const auto some = folder.addresses.list_addresses(network);
    taken.insert(taken.end(), some.begin(), some.end());
  }
  return taken;
}

void count_ranges(const std::string& conf_dir, const std::vector<state::Folder>& folders, report::Metrics& metrics) {
  for (const auto& plugin : read_configurations(conf_dir)) {
    const auto config = find_config(plugin);
    if (!config) continue;
    metrics.networks.insert(config->name);
    const auto sets = find_ranges(*config);
    const auto taken = taken_in(config->name, folders);
    for (const auto& set : sets) {
      for (const auto& range : set) metrics.ranges[{config->name, ipam::to_string({range})}] = use_of(range, taken);
    }
  }
}

void count_attachments(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                       report::Metrics& metrics) {
  for (const auto& attachment : inspect::read_attachments(inspector, folders)) {
    const auto& network = attachment.identity.network;
    metrics.networks.insert(network);
    ++metrics.attachments[{network, attachment.state}];
    const bool is_stale = attachment.state != State::live && attachment.state != State::in_flight;
    if (is_stale) metrics.oldest_stale = std::max(metrics.oldest_stale, attachment.age.value_or(metrics.oldest_stale));
  }
}

}  // namespace

int metrics(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const auto folders = inspect::open_folders(console.root);
  report::Metrics counted;
  count_ranges(arguments.value("conf-dir").value_or(inspect::usual_configurations), folders, counted);
  count_attachments(inspector, folders, counted);
  const auto text = report::prometheus(counted);
  if (const auto file = arguments.value("output-file")) {
    posix::replace_file(*file, text);
  } else {
    console.print(text);
  }
  return success;
}

Command metrics_command() {
  return {.name = "metrics",
          .summary = "tell in numbers what there is, for Prometheus",
          .description =
              "Prints in the text format of Prometheus: attachments by network and state, the used and the free "
              "addresses of each range of the network configurations that veth-ipam serves, and the age of the oldest "
              "stale attachment (all states but \"live\" and \"in flight\" are stale). All are gauges.\n\n"
              "With --output-file it writes them to a file in one step, readable by all, for the textfile collector of "
              "node_exporter; run it by a timer. Nothing else is changed.",
          .options = {{.name = "output-file", .value = "FILE", .help = "write to FILE (name it *.prom) instead"},
                      {.name = "conf-dir", .value = "DIR", .help = "network configurations (default: /etc/cni/net.d)"}},
          .run = [](const Arguments& arguments, const Console& console) {
            kernel::LinuxKernel kernel;
            kernel::LinuxInspector inspector{kernel};
            return metrics(arguments, console, inspector);
          }};
}

}  // namespace vethctl
