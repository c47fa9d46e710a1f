#include "plugin/verbs/add.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/conflict_holder.hpp"
#include "plugin/attachment/context.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/attachment/ovs_ports.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/attachment/rollback.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/add_result.hpp"
#include "plugin/verbs/node_wiring.hpp"
#include "plugin/verbs/restore.hpp"
#include "plugin/verbs/sysctl_permission.hpp"
#include "plugin/wiring/text.hpp"
#include "plugin/wiring/wire.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace verbs {
namespace {

/// The footprint of an attachment of which nothing exists yet.
wiring::Footprint empty_footprint(const cni::Attachment& attachment) {
  auto footprint = attachment::lease_footprint(cni::tag_of(attachment), attachment.network);
  footprint.attachment = attachment;
  return footprint;
}

/// The families of the addresses; both for a lease without addresses, as the container may get addresses of either.
std::vector<cni::Family> families_of(const cni::Lease& lease) {
  if (lease.addresses.empty()) return {cni::Family::ipv4, cni::Family::ipv6};
  std::vector<cni::Family> families;
  for (const auto& leased : lease.addresses) {
    const auto family = leased.address.address.family;
    if (std::ranges::find(families, family) == families.end()) families.push_back(family);
  }
  return families;
}

/// One ADD with its intermediate results.
class AddOperation {
 public:
  AddOperation(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder)
      : request_(request),
        kernel_(kernel),
        folder_(folder),
        ipam_(ipam::make_ipam(request, &folder)),
        footprint_(empty_footprint(request.attachment)),
        ovs_(wiring_, node(), footprint_),
        rollback_("veth", footprint_, {.kernel = &kernel, .folder = &folder}) {}

  void run(const kernel::AttachmentContext& context, const Print& print) {
    lock_ = folder_.locks.attachment(request_.attachment);
    clear_stale_attachment();
    cni::lap(request_.stopwatch, "lock");
    rollback_.protect([&] {
      attach(context);
      print(cni::to_json(add_result(request_, {wiring_, lease_, built_.bridge_mac, built_.vlan_interface_mac}),
                         request_.config.version));
    });
    mark_live();
  }

  kernel::OvsConnector ovs_connector() {
    return {.request = [this] { ovs_.request(); }, .wait = [this] { return ovs_.wait(); }};
  }

 private:
  /// Tears down what is left of an unfinished ADD. Throws if the attachment exists, with or without a record.
  void clear_stale_attachment() {
    const auto stored = folder_.records.find(request_.attachment);
    if (!stored) return check_unrecorded();
    auto footprints = attachment::footprints_of(request_, stored, &folder_);
    const bool is_live = stored->stage == state::Stage::live;
    if (is_live && exists(footprints, kernel::Search::full)) throw_already_attached();
    attachment::tear_down_or_throw(std::move(footprints), node(), ipam_.get());
  }

  /// Without a record, searches for the pair only by its name, because a dump of all links in each ADD is too slow.
  void check_unrecorded() {
    auto pair = attachment::pair_footprint(request_);
    pair.may_have_ifb = false;
    if (exists({&pair, 1}, kernel::Search::by_name)) throw_already_attached();
    if (request_.config.bandwidth.egress) remove_orphaned_ifb();
  }

  bool exists(std::span<const wiring::Footprint> footprints, kernel::Search search) {
    const auto found = kernel_.find_ends(footprints, search);
    return std::ranges::find(found, true) != found.end();
  }

  attachment::Node node() { return {.kernel = &kernel_, .folder = &folder_}; }

  /// The ifb is left if the pair was deleted with its namespace, and the record with the state folder.
  void remove_orphaned_ifb() {
    auto ifb = footprint_;
    ifb.may_have_ifb = true;
    attachment::remove_or_throw(ifb, kernel_);
  }

  [[noreturn]] void throw_already_attached() const {
    const auto& [network, container, interface] = request_.attachment;
    throw cni::Error{cni::ErrorCode::already_attached,
                     "interface " + text::quoted(interface) + " of container " + text::quoted(container) +
                         " is already attached to network " + text::quoted(network),
                     "call DEL before ADD"};
  }

  /// Releases an address that lives elsewhere on the node and tries the next one, until an address is allocated twice.
  void attach(const kernel::AttachmentContext& context) {
    constexpr std::size_t max_attempts = 16;
    std::set<cni::IpAddress> in_use;
    while (const auto conflict = try_attach(context)) {
      if (conflict->kind != kernel::Conflict::Kind::address) attachment::throw_in_use(*conflict, kernel_, folder_);
      const bool is_new = in_use.insert(conflict->address).second;
      if (!is_new || in_use.size() == max_attempts || !can_allocate_another()) throw_address_in_use(*conflict);
      undo_attempt();
    }
  }

  std::optional<kernel::Conflict> try_attach(const kernel::AttachmentContext& context) {
    lease_ = wiring::complete_lease(request_, allocate());
    cni::lap(request_.stopwatch, "addresses");
    wiring_ = wire_on_node(request_, lease_, mtu(), kernel_);
    write_pending_record();
    cni::lap(request_.stopwatch, "record");
    return build(context);
  }

  /// Tears down everything of this attempt, including its record.
  void undo_attempt() {
    attachment::tear_down_or_throw({footprint_}, node(), ipam_.get());
    footprint_ = empty_footprint(request_.attachment);
    rollback_.disarm();
  }

  [[noreturn]] static void throw_address_in_use(const kernel::Conflict& conflict) {
    const auto address = cni::to_string(conflict.address);
    const std::string found = conflict.is_host_address ? "the host itself has it" : "the host has a route to it";
    const std::string what = conflict.is_host_address ? "the address from the host" : "the route";
    throw cni::Error{cni::ErrorCode::address_in_use, "address " + address + " lives elsewhere on the node: " + found,
                     "use another address, or remove " + what + " (see ip route get " + address + ")"};
  }

  /// Returns the conflict that prevents the build. Tears down stale holders of host ports and retries, unless the same
  /// conflict is found again.
  std::optional<kernel::Conflict> build(const kernel::AttachmentContext& context) {
    auto conflict = try_build(context);
    for (std::optional<kernel::Conflict> last; conflict && conflict != last; conflict = try_build(context)) {
      last = conflict;
      const bool is_port_conflict = conflict->kind == kernel::Conflict::Kind::host_port;
      if (!is_port_conflict || !attachment::release_stale_holder(*conflict, kernel_, folder_)) break;
      remove_links();
    }
    if (!conflict && built_.has_missing_rules) restore_rules_of_other_attachments(wiring_, context, kernel_, folder_);
    return conflict;
  }

  /// Removes what this attempt has created in the kernel.
  void remove_links() {
    auto created = footprint_;
    created.gateways.clear();
    created.bridge_change = {};  // the next attempt needs the same gateways
    attachment::remove_or_throw(created, kernel_);
    footprint_.may_have_pair = footprint_.may_have_ifb = footprint_.may_have_rules = false;
  }

  std::optional<kernel::Conflict> try_build(const kernel::AttachmentContext& context) {
    auto outcome = kernel_.build(wiring_, context, footprint_);
    if (auto* conflict = std::get_if<kernel::Conflict>(&outcome)) return std::move(*conflict);
    built_ = std::get<kernel::Built>(outcome);
    if (built_.lacks_filters) record_without_filters();
    return std::nullopt;
  }

  std::uint32_t mtu() {
    if (request_.config.mtu) return *request_.config.mtu;
    return kernel_.read_node({.default_route_mtu = families_of(lease_)}).default_route_mtu;
  }

  /// Whether the next allocation can return another address.
  bool can_allocate_another() const {
    const auto& config = request_.config;
    const bool has_ranges =
        !config.ipam.pool.empty() || !config.ipam.ranges.empty() || !config.requested.ranges.empty();
    return ipam::uses_builtin_ipam(request_) && has_ranges && config.requested.addresses.empty();
  }

  cni::Lease allocate() {
    auto lease = allocate_or_reclaim();
    rollback_.arm(ipam_.get());
    if (!ipam::reserves_addresses(request_)) return lease;  // a delegate keeps its own records
    for (const auto& leased : lease.addresses) footprint_.addresses.push_back(leased.address.address);
    footprint_.bridge_segment = cni::bridge_segment_of(request_.config);
    return lease;
  }

  /// Reclaims addresses of stale attachments: of the whole network if its pool is full, or of the holder of a requested
  /// address. Each requested address may have another holder.
  cni::Lease allocate_or_reclaim() {
    auto allocation = ipam_->allocate();
    while (const auto* failure = std::get_if<ipam::AllocationFailure>(&allocation)) {
      if (!reclaim(*failure)) throw failure->error;
      allocation = ipam_->allocate();
    }
    return std::get<cni::Lease>(std::move(allocation));
  }

  /// False if nothing was reclaimed.
  bool reclaim(const ipam::AllocationFailure& failure) {
    const auto& network = failure.network.empty() ? request_.attachment.network : failure.network;
    if (!failure.holder) return !attachment::reclaim(network, kernel_, folder_, footprint_.tag).empty();
    if (*failure.holder == footprint_.tag) return false;
    return attachment::reclaim_one(network, *failure.holder, kernel_, folder_).has_value();
  }

  /// Records the wiring before any part of it is created. Replaces the record of the addresses that the built-in IPAM
  /// has written.
  void write_pending_record() {
    state::Record record{.attachment = request_.attachment,
                         .netns = request_.netns,
                         .addresses = footprint_.addresses,
                         .wiring = wiring::to_text(wiring_)};
    if (wiring_.peer_netns.empty()) record.host_interface = state::HostInterface{.name = wiring_.host.name};
    folder_.records.write_pending(record);
    footprint_.gateways = wiring_.host_gateways;
    attachment::claim_gateways(footprint_, kernel_, folder_);
  }

  /// Otherwise CHECK would report filters that this kernel does not support.
  void record_without_filters() {
    wiring_.accepted_sources.clear();
    wiring_.guards_loopback = false;
    write_pending_record();
  }

  /// The result is printed and the attachment works, so a failure is ignored: a later ADD may then replace the pending
  /// record.
  void mark_live() {
    try {
      folder_.records.mark_live(request_.attachment,
                                {.host = footprint_.host.index, .container = footprint_.container.index});
    } catch (const std::system_error&) {
      return;
    }
  }

  const cni::Request& request_;
  kernel::Kernel& kernel_;
  state::Folder& folder_;
  std::unique_ptr<ipam::Ipam> ipam_;
  std::optional<posix::ByteLock> lock_;
  cni::Lease lease_;
  wiring::Wiring wiring_;
  kernel::Built built_;
  wiring::Footprint footprint_;  ///< what this ADD has created so far
  attachment::OvsAddition ovs_;
  attachment::Rollback rollback_;
};

/// The parts that one ADD needs beside request and folder.
struct Tools {
  kernel::Kernel& kernel;
  const Print& print;
};

void add_in(state::Folder& folder, kernel::AttachmentContext context, const cni::Request& request, const Tools& tools) {
  context.node_instance = folder.name();
  context.is_new_instance = folder.is_new();
  context.check_new_gateway = [&](const cni::IpAddress& gateway) {
    attachment::check_new_gateway(request, gateway, tools.kernel, folder);
  };
  if (folder.is_new()) attachment::remove_orphaned_rules(tools.kernel, folder);
  AddOperation operation{request, tools.kernel, folder};
  context.ovs = operation.ovs_connector();
  operation.run(context, tools.print);
}

}  // namespace

void add(const cni::Request& request, kernel::Kernel& kernel, const std::string& root, const Print& print) {
  require_allowed(request.config.tuning.sysctls, sysctl_allow_list);
  auto context = attachment::open_context(request, kernel);
  auto folder = attachment::open_folder(root, request.attachment.network);
  add_in(folder, std::move(context), request, {kernel, print});
}

void add(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder, const Print& print) {
  require_allowed(request.config.tuning.sysctls, sysctl_allow_list);
  add_in(folder, attachment::open_context(request, kernel), request, {kernel, print});
}

}  // namespace verbs
