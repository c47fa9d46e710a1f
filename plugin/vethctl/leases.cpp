#include "plugin/vethctl/leases.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/kernel/linux_inspector.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/blocks.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/leases.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/release.hpp"
#include "plugin/vethctl/report/leases.hpp"
#include "plugin/vethctl/table_format.hpp"

#include <algorithm>

namespace vethctl {
namespace {

std::string to_text(const std::vector<inspect::Lease>& leases, const std::vector<inspect::BlockUse>& uses,
                    const Arguments& arguments, const Console& console) {
  if (arguments.wants_json()) return report::json(leases);
  if (!arguments.has("quiet")) {
    const auto format = table_format(arguments, console);
    const auto table = report::leases(leases, format);
    return uses.empty() || !format.has_headings ? table : table + '\n' + report::block_uses(uses, format);
  }
  std::string addresses;
  for (const auto& lease : leases) addresses += cni::to_string(lease.address) + '\n';
  return addresses;
}

/// The blocks that have an address of these leases.
void keep_blocks_of(const std::vector<inspect::Lease>& leases, std::vector<inspect::BlockUse>& uses) {
  std::erase_if(uses, [&](const inspect::BlockUse& use) {
    return std::ranges::find(leases, use.block, &inspect::Lease::block) == leases.end();
  });
}

int list(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const auto& operands = arguments.operands;
  if (operands.size() > 2) throw UsageError{"leases list: unexpected operand " + text::quoted(operands[2])};
  const auto network = operands.size() > 1 ? std::optional{operands[1]} : std::nullopt;
  const auto folders = inspect::open_folders(console.root, console.configurations);
  inspect::require_network(network, inspector, folders);
  auto leases = inspect::read_leases(inspector, folders, network);
  const auto blocks = inspect::read_pool_blocks();
  inspect::name_blocks(blocks, leases);
  auto uses = inspect::count_uses(blocks, folders);
  if (network) keep_blocks_of(leases, uses);
  console.print(to_text(leases, uses, arguments, console));
  return success;
}

std::string to_json(const TakenAddress& released, const std::optional<cni::Attachment>& holder) {
  cni::JsonWriter json{2};
  json.begin_object();
  json.member("network", released.network);
  json.member("released", cni::to_string(released.address));
  if (holder) json.member("container", holder->container);
  if (holder) json.member("interface", holder->interface);
  json.end_object();
  return json.finished();
}

std::string to_text(const TakenAddress& released, const std::optional<cni::Attachment>& holder) {
  const auto text = "released " + cni::to_string(released.address) + " of network " + text::quoted(released.network);
  if (!holder) return text + '\n';
  return text + ", held by container " + text::quoted(holder->container) + ", interface " +
         text::quoted(holder->interface) + '\n';
}

int run_release(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  if (arguments.operands.size() != 3) {
    const bool is_one = arguments.operands.size() == 2;
    throw UsageError{"leases release: " + std::string{is_one ? "1 operand is" : "no operands are"} +
                     " given, expected: NETWORK ADDRESS"};
  }
  const auto address = cni::find_address(arguments.operands[2]);
  if (!address) throw UsageError{text::quoted(arguments.operands[2]) + " is not an IP address"};
  const TakenAddress taken{.network = arguments.operands[1], .address = *address};
  auto folders = inspect::open_folders(console.root, console.configurations);
  for (auto& folder : folders) {
    if (!folder.addresses.is_taken(taken.network, taken.address)) continue;
    const auto holder = vethctl::release(taken, folder, inspector, arguments.has("force"));
    console.print(arguments.wants_json() ? to_json(taken, holder) : to_text(taken, holder));
    return success;
  }
  inspect::require_network(taken.network, inspector, folders);
  throw cni::Error{
      cni::ErrorCode::invalid_config,
      "address " + cni::to_string(taken.address) + " of network " + text::quoted(taken.network) + " is not leased",
      "vethctl leases list " + taken.network + " prints the leases"};
}

}  // namespace

int leases(const Arguments& arguments, const Console& console, kernel::Inspector& inspector) {
  const bool is_list = arguments.operands.front() == "list";
  return is_list ? list(arguments, console, inspector) : run_release(arguments, console, inspector);
}

Command leases_command() {
  return {
      .name = "leases",
      .operands = "list [NETWORK] | release NETWORK ADDRESS",
      .min_operands = 1,
      .max_operands = 3,
      .first_operands = {"list", "release"},
      .summary = "list leased addresses, or release one",
      .description =
          "list: prints each leased address of a network, or of all, with its holder. States: \"live\": the holder has "
          "a record, and its interface exists (not checked for interfaces of other plugins). \"in flight\": a call of "
          "the plugin is running. \"incomplete\": stale, the ADD did not finish. \"broken\": stale, the interface is "
          "missing. \"unreadable\": the record cannot be read. \"unrecorded\": no record contains the address. "
          "Addresses "
          "of pools of a cluster have a block, and a second table contains how many addresses of each block are used, "
          "by all networks.\n\n"
          "release: releases one address. Fails while it may be in use: if the interface of the holder exists (for an "
          "interface of another plugin: its network namespace), if the record cannot be read, or if a call of the "
          "plugin is running. With --force it is released nevertheless, and may then be assigned to a second "
          "container.",
      .options = {{.name = "force", .help = "release the address even if it may be in use"},
                  table_output_option(),
                  no_headers_option(),
                  {.name = "quiet", .help = "list: print only the addresses", .letter = 'q'}},
      .examples = {"vethctl leases list pods", "vethctl leases release pods 10.244.1.7"},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        kernel::LinuxInspector inspector{kernel};
        return leases(arguments, console, inspector);
      }};
}

}  // namespace vethctl
