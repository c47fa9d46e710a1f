#include "plugin/vethctl/leases.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/quoted.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/verbs/detach.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/vethctl/commands.hpp"
#include "plugin/vethctl/inspect/folders.hpp"
#include "plugin/vethctl/inspect/networks.hpp"
#include "plugin/vethctl/inspect/node.hpp"
#include "plugin/vethctl/report/table.hpp"

#include <algorithm>
#include <chrono>
#include <map>

namespace vethctl {
namespace {

using std::chrono::seconds;

/// One taken address.
struct Lease {
  std::string network;
  cni::IpAddress address;
  std::optional<cni::Attachment> holder{};  ///< nullopt: no record says who
  inspect::State state = inspect::State::live;
  std::optional<seconds> age{};
};

bool is_gone(const state::Record& record, kernel::Kernel& kernel) {
  return record.host_interface && !verbs::find_recorded_link(record, kernel);
}

/// As it is under the lock: an ADD may have ended since the record was read, or a DEL have taken it away.
inspect::State state_of(const std::string& network, const state::StoredRecord& stored, const state::Folder& folder,
                        kernel::Kernel& kernel) {
  const auto lock = folder.try_lock(stored.tag);
  if (!lock) return inspect::State::in_flight;
  const auto now = folder.find_record(network, stored.tag);
  if (!now) return inspect::State::unrecorded;
  if (!now->record) return inspect::State::unreadable;
  if (now->stage == state::Stage::pending) return inspect::State::remains;
  return is_gone(*now->record, kernel) ? inspect::State::broken : inspect::State::live;
}

/// The leases of one network. A record is read once, however many addresses it names.
class Listing {
 public:
  Listing(std::string network, const state::Folder& folder, kernel::Kernel& kernel)
      : network_(std::move(network)), folder_(folder), kernel_(kernel) {}

  std::vector<Lease> leases() {
    std::vector<Lease> leases;
    for (const auto& taken : folder_.taken(network_)) leases.push_back(lease(taken));
    return leases;
  }

 private:
  Lease lease(const state::TakenAddress& taken) {
    Lease lease{.network = network_, .address = taken.address, .state = inspect::State::unrecorded};
    if (!taken.holder) return lease;
    const auto& known = holder(*taken.holder);
    lease.holder = known.holder;
    lease.state = known.state;
    lease.age = known.age;
    return lease;
  }

  const Lease& holder(cni::Tag tag) {
    const auto [entry, is_new] = holders_.try_emplace(tag);
    if (is_new) entry->second = read(tag);
    return entry->second;
  }

  Lease read(cni::Tag tag) const {
    Lease lease{.network = network_, .address = {}, .state = inspect::State::unrecorded};
    const auto stored = folder_.find_record(network_, tag);
    if (!stored) return lease;
    if (stored->record) lease.holder = stored->record->attachment;
    lease.state = state_of(network_, *stored, folder_, kernel_);
    if (const auto written = folder_.time_written(network_, *stored)) {
      lease.age = std::chrono::duration_cast<seconds>(std::chrono::system_clock::now() - *written);
    }
    return lease;
  }

  std::string network_;
  const state::Folder& folder_;
  kernel::Kernel& kernel_;
  std::map<cni::Tag, Lease> holders_;
};

std::vector<Lease> all_leases(const Arguments& arguments, const Console& console, kernel::Kernel& kernel) {
  const auto& operands = arguments.operands;
  std::vector<Lease> all;
  const auto folders = inspect::open_folders(console.root);
  if (operands.size() > 1) inspect::require_network(operands[1], kernel, folders);
  for (const auto& folder : folders) {
    auto networks = folder.networks();
    std::ranges::sort(networks);
    for (const auto& network : networks) {
      if (operands.size() > 1 && operands[1] != network) continue;
      const auto some = Listing{network, folder, kernel}.leases();
      all.insert(all.end(), some.begin(), some.end());
    }
  }
  return all;
}

/// The two largest units: "3d 4h", "12s".
std::string age_text(seconds age) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  const auto count = std::max<std::int64_t>(age.count(), 0);
  const auto text = [](std::int64_t number, const char* unit) { return std::to_string(number) + unit; };
  if (count >= day) return text(count / day, "d ") + text(count % day / hour, "h");
  if (count >= hour) return text(count / hour, "h ") + text(count % hour / minute, "m");
  if (count >= minute) return text(count / minute, "m ") + text(count % minute, "s");
  return text(count, "s");
}

std::string to_table(const std::vector<Lease>& leases, std::size_t width) {
  std::vector<std::vector<std::string>> rows{{"NETWORK", "ADDRESS", "CONTAINER", "INTERFACE", "STATE", "AGE"}};
  for (const auto& lease : leases) {
    rows.push_back({lease.network, cni::to_string(lease.address), lease.holder ? lease.holder->container : "?",
                    lease.holder ? lease.holder->interface : "?", std::string{inspect::to_string(lease.state)},
                    lease.age ? age_text(*lease.age) : "?"});
  }
  return report::table(rows, width);
}

void write(cni::JsonWriter& json, const Lease& lease) {
  json.begin_object();
  json.member("network", lease.network);
  json.member("address", cni::to_string(lease.address));
  if (lease.holder) json.member("container", lease.holder->container);
  if (lease.holder) json.member("interface", lease.holder->interface);
  json.member("state", inspect::to_string(lease.state));
  if (lease.age) json.member("ageSeconds", static_cast<std::uint64_t>(std::max<std::int64_t>(lease.age->count(), 0)));
  json.end_object();
}

std::string to_json(const std::vector<Lease>& leases) {
  cni::JsonWriter json{2};
  json.begin_array();
  for (const auto& lease : leases) write(json, lease);
  json.end_array();
  return json.finished();
}

int list(const Arguments& arguments, const Console& console, kernel::Kernel& kernel) {
  if (arguments.operands.size() > 2) throw UsageError{"\"leases list\" wants at most a network"};
  const auto leases = all_leases(arguments, console, kernel);
  console.print(arguments.wants_json() ? to_json(leases) : to_table(leases, console.width));
  return success;
}

[[noreturn]] void refuse(const std::string& message, const std::string& advice) {
  throw cni::Error{cni::ErrorCode::address_in_use, message, advice};
}

/// One address that somebody holds, and the giving back of it.
class Release {
 public:
  Release(std::string network, const cni::IpAddress& address, state::Folder& folder, kernel::Kernel& kernel)
      : network_(std::move(network)), address_(address), folder_(folder), kernel_(kernel) {}

  /// The attachment that held it; nullopt where no record tells. Throws cni::Error where it is in use and `is_forced`
  /// is not set.
  std::optional<cni::Attachment> run(bool is_forced) {
    const auto holder = folder_.holder(network_, address_);
    if (!holder)
      refuse(cni::to_string(address_) + " is held by a file that is not of this plugin", "remove it by hand");
    const auto lock = folder_.try_lock(*holder);
    stored_ = folder_.find_record(network_, *holder);
    if (!is_forced && !lock) refuse(who() + " is being worked on by a call of the plugin", "try again, or use --force");
    const auto use = find_use(*holder);
    if (!is_forced && use) refuse(who() + " may still use it: " + *use, "DEL the attachment, or use --force");
    if (!folder_.release(network_, address_, *holder))
      refuse(cni::to_string(address_) + " has changed hands", "look again");
    if (lock && !use) forget_without_addresses(*holder);
    return attachment();
  }

 private:
  std::optional<cni::Attachment> attachment() const {
    return stored_ && stored_->record ? std::optional{stored_->record->attachment} : std::nullopt;
  }

  std::string who() const {
    const auto known = attachment();
    if (!known) return "the holder of " + cni::to_string(address_);
    return "container " + cni::quoted(known->container) + ", interface " + cni::quoted(known->interface) +
           ", which holds " + cni::to_string(address_) + ',';
  }

  /// Why it may be in use; nullopt where nothing of the holder stands.
  std::optional<std::string> find_use(cni::Tag holder) {
    if (const auto link = find_link(holder)) return "interface " + cni::quoted(link->name) + " stands";
    if (!stored_) return std::nullopt;
    if (!stored_->record) return "its record cannot be read";
    const auto& record = *stored_->record;
    if (record.host_interface || !has_namespace(record)) return std::nullopt;
    return "network namespace " + cni::quoted(record.netns) + " is there";
  }

  std::optional<kernel::HostLink> find_link(cni::Tag holder) {
    if (stored_ && stored_->record) return verbs::find_recorded_link(*stored_->record, kernel_);
    return kernel_.find_veth(cni::host_interface_name(holder));
  }

  /// Of a lease for another plugin's interface nothing else is known.
  bool has_namespace(const state::Record& record) try {
    kernel_.open_namespace(record.netns, true);
    return true;
  } catch (const cni::Error&) {
    return false;
  } catch (const std::system_error&) {
    return false;
  }

  /// The record of a dead attachment serves nobody when its last address is gone.
  void forget_without_addresses(cni::Tag tag) {
    if (!stored_ || !stored_->record) return;
    const auto& addresses = stored_->record->addresses;
    const auto is_held = [&](const cni::IpAddress& address) { return folder_.holder(network_, address) == tag; };
    if (std::ranges::any_of(addresses, is_held)) return;
    verbs::forget({network_, tag, verbs::recorded_gateways(stored_->record)}, kernel_, folder_);
  }

  std::string network_;
  cni::IpAddress address_;
  state::Folder& folder_;
  kernel::Kernel& kernel_;
  std::optional<state::StoredRecord> stored_;
};

int tell(const Lease& released, const Arguments& arguments, const Console& console) {
  if (arguments.wants_json()) {
    cni::JsonWriter json{2};
    json.begin_object();
    json.member("network", released.network);
    json.member("released", cni::to_string(released.address));
    if (released.holder) json.member("container", released.holder->container);
    if (released.holder) json.member("interface", released.holder->interface);
    json.end_object();
    console.print(json.finished());
    return success;
  }
  std::string text = "released " + cni::to_string(released.address) + " of network " + cni::quoted(released.network);
  if (released.holder) {
    text += ", held by container " + cni::quoted(released.holder->container) + ", interface " +
            cni::quoted(released.holder->interface);
  }
  console.print(text + '\n');
  return success;
}

int release(const Arguments& arguments, const Console& console, kernel::Kernel& kernel) {
  if (arguments.operands.size() != 3) throw UsageError{"\"leases release\" wants NETWORK ADDRESS"};
  const auto& network = arguments.operands[1];
  const auto address = cni::find_address(arguments.operands[2]);
  if (!address) throw UsageError{cni::quoted(arguments.operands[2]) + " is not an IP address"};
  for (auto& folder : inspect::open_folders(console.root)) {
    if (!folder.is_taken(network, *address)) continue;
    const auto holder = Release{network, *address, folder, kernel}.run(arguments.has("force"));
    return tell({.network = network, .address = *address, .holder = holder}, arguments, console);
  }
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "nobody holds " + cni::to_string(*address) + " in network " + cni::quoted(network)};
}

}  // namespace

int leases(const Arguments& arguments, const Console& console, kernel::Kernel& kernel) {
  const bool is_list = arguments.operands.front() == "list";
  return is_list ? list(arguments, console, kernel) : release(arguments, console, kernel);
}

Command leases_command() {
  return {
      .name = "leases",
      .operands = "list [NETWORK] | release NETWORK ADDRESS",
      .least = 1,
      .most = 3,
      .first_operands = {"list", "release"},
      .summary = "list the taken addresses, or give one back",
      .description =
          "list: each address that is taken in a network, or in all, with its holder. States: \"live\" (on record, "
          "and its interface is there, as far as the plugin has one), \"in flight\" (a call is at work on it), "
          "\"remains\" (of an ADD that never ended), \"broken\" (the interface is gone), \"unreadable\" (the record "
          "cannot be read), \"unrecorded\" (no record names the holder).\n\n"
          "release: gives back one address of one network. Refused while the holder's interface stands, or for "
          "leases of other plugins' interfaces its network namespace, and while a call of the plugin is at work on "
          "it, unless --force is given: an address that is given back while it is used will be given to another "
          "container, too.",
      .options = {{.name = "force", .help = "release: even if the address is in use"}, output_option()},
      .run = [](const Arguments& arguments, const Console& console) {
        kernel::LinuxKernel kernel;
        return leases(arguments, console, kernel);
      }};
}

}  // namespace vethctl
