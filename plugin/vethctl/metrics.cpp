#include "plugin/vethctl/metrics.hpp"

#include "ipam/pool_ipam.hpp"
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
#include "plugin/vethctl/watch.hpp"

#include <algorithm>
#include <optional>

namespace vethctl {
namespace {

using inspect::State;

/// nullopt if another IPAM plugin assigns the addresses, or if the configuration is invalid (`vethctl check` reports
/// it).
std::optional<cni::NetworkConfig> find_config(const PluginConfiguration& plugin) try {
  if (plugin.type == "veth") return cni::parse_config_file(plugin.text);
  if (plugin.ipam_type != "veth-ipam") return std::nullopt;
  return cni::parse_ipam_config_file(plugin.text);
} catch (const cni::Error&) {
  return std::nullopt;
}

std::vector<ipam::RangeSet> find_ranges(const cni::NetworkConfig& config) try {
  return ipam::checked_range_sets(ipam::with_own_blocks(config));
} catch (const cni::Error&) {
  return {};
}

bool is_assignable(const ipam::Range& range, const cni::IpAddress& address) {
  return address != range.gateway && ipam::find_exclusion(range, address) == nullptr;
}

/// The part of a prefix that is in the range, as first and last address; nullopt: none.
std::optional<std::pair<cni::AddressBits, cni::AddressBits>> part_of(const ipam::Range& range,
                                                                     const cni::Prefix& prefix) {
  const auto first = std::max(cni::first_address(prefix).bits, range.first.bits);
  const auto last = std::min(cni::last_address(prefix).bits, range.last.bits);
  if (first > last) return std::nullopt;
  return std::pair{first, last};
}

/// The number of addresses that are never assigned: gateway and exclusions, which may overlap.
cni::AddressBits count_reserved(const ipam::Range& range) {
  auto prefixes = range.exclude;
  if (range.gateway) prefixes.push_back(cni::host_prefix(*range.gateway));
  std::ranges::sort(prefixes, {}, [](const cni::Prefix& prefix) { return cni::first_address(prefix); });
  cni::AddressBits count = 0;
  std::optional<cni::AddressBits> last_counted;
  for (const auto& prefix : prefixes) {
    const auto part = part_of(range, prefix);
    if (!part || (last_counted && part->second <= *last_counted)) continue;
    const auto begin = last_counted && *last_counted >= part->first ? *last_counted + 1 : part->first;
    count += part->second - begin + 1;
    last_counted = part->second;
  }
  return count;
}

report::RangeUse use_of(const ipam::Range& range, const std::vector<cni::IpAddress>& taken) {
  report::RangeUse use{.free = range.last.bits - range.first.bits + 1 - count_reserved(range)};
  for (const auto& address : taken) {
    if (!ipam::contains(range, address)) continue;
    ++use.used;
    if (is_assignable(range, address)) --use.free;
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

bool is_full(const ipam::RangeSet& set, const std::vector<cni::IpAddress>& taken) {
  return !set.empty() &&
         std::ranges::all_of(set, [&](const ipam::Range& range) { return use_of(range, taken).free == 0; });
}

}  // namespace

std::vector<FullRanges> find_full_ranges(const std::string& conf_dir, const std::vector<state::Folder>& folders) {
  std::vector<FullRanges> full;
  for (const auto& plugin : read_configurations(conf_dir)) {
    const auto config = find_config(plugin);
    if (!config) continue;
    const auto taken = taken_in(config->name, folders);
    for (const auto& set : find_ranges(*config)) {
      if (is_full(set, taken)) full.push_back({config->name, ipam::to_string(set), config->ipam.pool});
    }
  }
  return full;
}

int metrics(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const auto folders = inspect::open_folders(console.root);
  report::Metrics counted;
  count_ranges(arguments.value("conf-dir").value_or(inspect::default_conf_dir), folders, counted);
  count_attachments(inspector, folders, counted);
  const auto file = arguments.value("output-file");
  if (file) posix::replace_file(*file, report::prometheus(counted));
  if (arguments.wants_json()) {
    console.print(report::json(counted));
  } else if (!file) {
    console.print(report::prometheus(counted));
  }
  return success;
}

Command metrics_command() {
  return {.name = "metrics",
          .summary = "print metrics for Prometheus",
          .description =
              "Prints gauges in the text format of Prometheus: attachments by network and state, the leased and the "
              "free addresses of each range that veth-ipam serves, and the age in seconds of the oldest attachment "
              "that is neither \"live\" nor \"in flight\".\n\n"
              "With --output-file, the metrics are written atomically to a file that all users can read, for the "
              "textfile collector of node_exporter; run the command by a timer, or with --watch. The file always has "
              "the text format; with "
              "--output json, the values are also printed as JSON.",
          .options = {{.name = "output-file",
                       .value = "FILE",
                       .help = "write to FILE (its name must end in .prom) instead of standard output"},
                      {.name = "conf-dir",
                       .value = "DIR",
                       .help = "folder of the network configurations (default: /etc/cni/net.d)"},
                      output_option(),
                      watch_option()},
          .examples = {"vethctl metrics --output-file /var/lib/prometheus/node-exporter/veth.prom"},
          .run = [](const Arguments& arguments, const Console& console) {
            kernel::LinuxKernel kernel;
            kernel::LinuxInspector inspector{kernel};
            return watched(
                arguments, console, [&](const Console& round) { return metrics(arguments, round, inspector); }, sleep);
          }};
}

}  // namespace vethctl
