#include "plugin/verbs/add.hpp"

#include "ipam/ipam.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/gateways.hpp"
#include "plugin/attachment/host_port_holder.hpp"
#include "plugin/attachment/reclaim.hpp"
#include "plugin/attachment/rollback.hpp"
#include "plugin/attachment/site.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/answer.hpp"
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

/// Nothing exists yet.
wiring::Footprint empty_footprint(const cni::Attachment& attachment) {
  auto footprint = attachment::lease_footprint(cni::tag_of(attachment), attachment.network);
  footprint.attachment = attachment;
  return footprint;
}

/// Those of the addresses; both where there are none, since the container's own may be of either.
std::vector<cni::Family> families_of(const cni::Lease& lease) {
  if (lease.addresses.empty()) return {cni::Family::ipv4, cni::Family::ipv6};
  std::vector<cni::Family> families;
  for (const auto& leased : lease.addresses) {
    const auto family = leased.address.address.family;
    if (std::ranges::find(families, family) == families.end()) families.push_back(family);
  }
  return families;
}

/// The steps of one ADD and what they hand on.
class Addition {
 public:
  Addition(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder)
      : request_(request),
        kernel_(kernel),
        folder_(folder),
        ipam_(ipam::choose(request, &folder)),
        footprint_(empty_footprint(request.attachment)),
        rollback_("veth", footprint_, {.kernel = &kernel, .folder = &folder}) {}

  void run(const kernel::Site& site, const Print& print) {
    lock_ = folder_.locks.attachment(request_.attachment);
    clear_stale_attachment();
    cni::lap(request_.stopwatch, "lock");
    rollback_.protect([&] {
      attach(site);
      print(cni::to_json(answer(request_, {wiring_, lease_, built_.bridge_mac}), request_.config.version));
    });
    mark_live();
  }

 private:
  /// An attachment that exists is left alone, one whose record was lost too; what an ADD that never ended has left is
  /// torn down.
  void clear_stale_attachment() {
    const auto stored = folder_.records.find(request_.attachment);
    if (!stored) return refuse_unrecorded();
    auto footprints = attachment::footprints_of(request_, stored, &folder_);
    const bool was_answered = stored->stage == state::Stage::live;
    if (was_answered && exists(footprints, kernel::Search::full)) refuse();
    tear_down(std::move(footprints), ipam_.get());
  }

  /// Without a record the attachment is looked for by its name: nothing else is listed for each ADD.
  void refuse_unrecorded() {
    auto marks = attachment::end_marks_of(request_);
    marks.may_have_ifb = false;
    if (exists({&marks, 1}, kernel::Search::by_name)) refuse();
    if (request_.config.bandwidth.egress) remove_lone_ifb();
  }

  bool exists(std::span<const wiring::Footprint> footprints, kernel::Search search) {
    const auto found = kernel_.find_ends(footprints, search);
    return std::ranges::find(found, true) != found.end();
  }

  void tear_down(std::vector<wiring::Footprint> footprints, ipam::Ipam* ipam) {
    attachment::BestEffort effort;
    attachment::tear_down(std::move(footprints), {.kernel = &kernel_, .folder = &folder_}, effort, ipam);
    effort.finish();
  }

  /// Its pair went with the namespace, and its record with the state folder.
  void remove_lone_ifb() {
    auto ifb = footprint_;
    ifb.may_have_ifb = true;
    const auto removal = kernel_.remove({&ifb, 1});
    if (!removal.failures.empty()) throw removal.failures.front();
  }

  [[noreturn]] void refuse() const {
    const auto& [network, container, interface] = request_.attachment;
    throw cni::Error{cni::ErrorCode::already_attached,
                     "interface " + text::quoted(interface) + " of container " + text::quoted(container) +
                         " is attached to network " + text::quoted(network) + " already",
                     "DEL it before it is added again"};
  }

  /// An address to which the host has a route is not kept: the next one is tried, until one comes up again.
  void attach(const kernel::Site& site) {
    constexpr std::size_t attempts = 16;
    std::set<cni::IpAddress> refused;
    while (const auto conflict = try_attach(site)) {
      if (conflict->kind == kernel::Conflict::Kind::host_port)
        attachment::refuse_host_port(*conflict, kernel_, folder_);
      const bool is_new = refused.insert(conflict->address).second;
      if (!is_new || refused.size() == attempts || !has_choice()) refuse_address(conflict->address);
      take_back();
    }
  }

  std::optional<kernel::Conflict> try_attach(const kernel::Site& site) {
    lease_ = wiring::complete(request_, allocate());
    cni::lap(request_.stopwatch, "addresses");
    wiring_ = wire_on_node(request_, lease_, mtu(), kernel_);
    write_intent();
    cni::lap(request_.stopwatch, "record");
    return build(site);
  }

  /// Everything of this try, the record of it too.
  void take_back() {
    tear_down({footprint_}, ipam_.get());
    footprint_ = empty_footprint(request_.attachment);
    rollback_.disarm();
  }

  [[noreturn]] static void refuse_address(const cni::IpAddress& address) {
    throw cni::Error{cni::ErrorCode::address_in_use,
                     "the host has a route to " + cni::to_string(address) + " already: the address is in use elsewhere",
                     "remove that route (ip route get " + cni::to_string(address) + "), or use another address"};
  }

  /// The conflict that remains. Ports of the host whose holders are stale are taken over; a conflict that stays the
  /// same although its holder was torn down is not tried again.
  std::optional<kernel::Conflict> build(const kernel::Site& site) {
    auto conflict = try_build(site);
    for (std::optional<kernel::Conflict> last; conflict && conflict != last; conflict = try_build(site)) {
      last = conflict;
      const bool is_of_port = conflict->kind == kernel::Conflict::Kind::host_port;
      if (!is_of_port || !attachment::release_stale_holder(*conflict, kernel_, folder_)) break;
      remove_links();
    }
    if (!conflict && built_.has_lost_rules) restore_rules_of_others(wiring_, site, kernel_, folder_);
    return conflict;
  }

  /// What this try has made in the kernel, before the next one.
  void remove_links() {
    auto made = footprint_;
    made.gateways.clear();
    const auto removal = kernel_.remove({&made, 1});
    if (!removal.failures.empty()) throw removal.failures.front();
    footprint_.may_have_pair = footprint_.may_have_ifb = footprint_.may_have_rules = false;
  }

  std::optional<kernel::Conflict> try_build(const kernel::Site& site) {
    auto outcome = kernel_.build(wiring_, site, footprint_);
    if (auto* conflict = std::get_if<kernel::Conflict>(&outcome)) return std::move(*conflict);
    built_ = std::get<kernel::Built>(outcome);
    return std::nullopt;
  }

  std::uint32_t mtu() {
    if (request_.config.mtu) return *request_.config.mtu;
    return kernel_.read_node({.default_route_mtu = families_of(lease_)}).default_route_mtu;
  }

  /// Whether another allocation can give another address.
  bool has_choice() const {
    const auto& config = request_.config;
    const bool has_ranges = !config.ipam.ranges.empty() || !config.wishes.ranges.empty();
    return ipam::is_built_in(request_) && has_ranges && config.wishes.addresses.empty();
  }

  cni::Lease allocate() {
    auto lease = allocate_or_reclaim();
    rollback_.arm(ipam_.get());
    if (!ipam::is_built_in(request_)) return lease;  // the addresses of a delegate are the delegate's
    for (const auto& leased : lease.addresses) footprint_.addresses.push_back(leased.address.address);
    return lease;
  }

  /// Addresses of stale attachments are free: those of the whole network where it is full, and requested ones, each of
  /// which may have another holder.
  cni::Lease allocate_or_reclaim() {
    auto allocation = ipam_->allocate();
    while (const auto* shortage = std::get_if<ipam::Shortage>(&allocation)) {
      if (!reclaim(*shortage)) throw shortage->error;
      allocation = ipam_->allocate();
    }
    return std::get<cni::Lease>(std::move(allocation));
  }

  /// False where nothing was stale.
  bool reclaim(const ipam::Shortage& shortage) {
    const auto& network = request_.attachment.network;
    if (!shortage.holder) return !attachment::reclaim(network, kernel_, folder_, footprint_.tag).empty();
    if (*shortage.holder == footprint_.tag) return false;
    return attachment::reclaim_one(network, *shortage.holder, kernel_, folder_).has_value();
  }

  /// What is to be made is on record before the first of it is made. It replaces the record that the built-in IPAM has
  /// written of the addresses.
  void write_intent() {
    state::Record record{.attachment = request_.attachment,
                         .netns = request_.netns,
                         .addresses = footprint_.addresses,
                         .wiring = wiring::to_text(wiring_)};
    if (wiring_.peer_netns.empty()) record.host_interface = state::HostInterface{.name = wiring_.host.name};
    folder_.records.write_pending(record);
    footprint_.gateways = wiring_.host_gateways;
    attachment::claim_gateways(footprint_, kernel_, folder_);
  }

  /// The runtime has its answer and the attachment works: a record that stays pending only means that a later ADD may
  /// replace it.
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
  wiring::Footprint footprint_;  ///< what this ADD has made so far
  attachment::Rollback rollback_;
};

}  // namespace

void add(const cni::Request& request, kernel::Kernel& kernel, const std::string& root, const Print& print) {
  require_allowed(request.config.tuning.sysctls, sysctl_allow_list);
  auto site = attachment::open_site(request, kernel);
  auto folder = attachment::open_folder(root, request.attachment.network);
  site.node_life = folder.name();
  site.begins_life = folder.is_new();
  Addition{request, kernel, folder}.run(site, print);
}

}  // namespace verbs
