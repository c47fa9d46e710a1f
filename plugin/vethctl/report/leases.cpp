#include "plugin/vethctl/report/leases.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/vethctl/report/format.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <utility>

namespace report {
namespace {

void write(cni::JsonWriter& json, const inspect::Lease& lease) {
  json.begin_object();
  json.member("network", lease.network);
  json.member("address", cni::to_string(lease.address));
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
  for (const auto& lease : all) {
    rows.push_back({lease.network, cni::to_string(lease.address), lease.holder ? lease.holder->container : "-",
                    lease.holder ? lease.holder->interface : "-", std::string{inspect::to_string(lease.state)},
                    format_age(lease.age)});
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
