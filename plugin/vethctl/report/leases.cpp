#include "plugin/vethctl/report/leases.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>
#include <utility>

namespace report {
namespace {

void write(cni::JsonWriter& json, const inspect::Lease& lease) {
  json.begin_object();
  json.member("network", lease.network);
  json.member("address", cni::to_string(lease.address));
  if (!lease.block.empty()) json.member("block", lease.block);
  if (lease.holder) json.member("container", lease.holder->container);
  if (lease.holder) json.member("interface", lease.holder->interface);
  json.member("state", inspect::to_string(lease.state));
  if (lease.age) json.member("ageSeconds", static_cast<std::uint64_t>(lease.age->count()));
  json.end_object();
}

}  // namespace

std::string leases(const std::vector<inspect::Lease>& all, const TableFormat& format) {
  if (all.empty()) return format.has_headings ? "no leases\n" : "";
  std::vector<std::vector<std::string>> rows{{"NETWORK", "ADDRESS", "CONTAINER", "INTERFACE", "STATE", "AGE"}};
  const bool has_blocks = std::ranges::any_of(all, [](const inspect::Lease& lease) { return !lease.block.empty(); });
  if (has_blocks) rows.front().push_back("BLOCK");
  for (const auto& lease : all) {
    rows.push_back({lease.network, cni::to_string(lease.address), lease.holder ? lease.holder->container : "-",
                    lease.holder ? lease.holder->interface : "-", std::string{inspect::to_string(lease.state)},
                    format_age(lease.age)});
    if (has_blocks) rows.back().push_back(lease.block.empty() ? "-" : lease.block);
  }
  return formatted_table(std::move(rows), format);
}

std::string block_uses(const std::vector<inspect::BlockUse>& uses, const TableFormat& format) {
  std::vector<std::vector<std::string>> rows{{"BLOCK", "NETWORKS", "USED"}};
  for (const auto& use : uses) {
    const auto networks = text::joined(use.prefixes, " ", [](const cni::Prefix& prefix) { return to_string(prefix); });
    rows.push_back({use.block, networks, std::to_string(use.used) + " of " + std::to_string(use.size)});
  }
  return formatted_table(std::move(rows), format);
}

std::string json(const std::vector<inspect::Lease>& all) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_array();
  for (const auto& lease : all) write(json, lease);
  json.end_array();
  return json.finished();
}

}  // namespace report
