#include "plugin/verbs/add.hpp"

#include "ipam/ipam.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/state/folder.hpp"
#include "plugin/verbs/answer.hpp"
#include "plugin/verbs/detach.hpp"
#include "plugin/verbs/host_port_holder.hpp"
#include "plugin/verbs/node_wiring.hpp"
#include "plugin/verbs/reclaim.hpp"
#include "plugin/verbs/recorded_link.hpp"
#include "plugin/verbs/restore.hpp"
#include "plugin/verbs/rollback.hpp"
#include "plugin/verbs/site.hpp"
#include "plugin/verbs/state_folder.hpp"
#include "plugin/verbs/sysctl_permission.hpp"
#include "plugin/wiring/text.hpp"
#include "plugin/wiring/wire.hpp"

#include <optional>
#include <system_error>
#include <vector>

namespace verbs {
namespace {

/// The steps of one ADD and what they hand on.
class Addition {
 public:
  Addition(const cni::Request& request, kernel::Kernel& kernel, state::Folder& folder)
      : request_(request), kernel_(kernel), folder_(folder), ipam_(ipam::choose(request, &folder)) {}

  void run(const kernel::Site& site, const Print& print) {
    lock_ = folder_.lock(request_.attachment);
    make_room();
    cni::lap(request_.stopwatch, "lock");
    rollback_.protect([&] {
      connect(site);
      print(cni::to_json(answer(request_, {wiring_, lease_, built_.bridge_mac}), request_.config.version));
    });
    mark_live();
  }

 private:
  /// An attachment that stands is left alone, one whose record was lost too; what an ADD that never ended has left is
  /// cleared.
  void make_room() {
    const auto stored = folder_.find_record(request_.attachment);
    const bool was_answered = !stored || stored->stage == state::Stage::live;
    if (was_answered && stands(stored)) refuse();
    if (!stored) return clear_lone_ifb();
    BestEffort effort;
    detach(request_, kernel_, &folder_, effort);
    effort.finish();
  }

  /// Its pair went with the namespace, and its record with the state folder.
  void clear_lone_ifb() {
    if (request_.config.bandwidth.egress) kernel_.remove(request_.attachment);
  }

  bool stands(const std::optional<state::StoredRecord>& stored) {
    const Recorded recorded{stored};
    const auto& record = recorded.record;
    if (record ? find_recorded_link(*record, kernel_) : kernel_.find_host_link(request_.attachment)) return true;
    const auto places = places_of(request_, recorded);
    return !places.empty() && kernel_.stands(request_.attachment, places);
  }

  [[noreturn]] void refuse() const {
    const auto& [network, container, interface] = request_.attachment;
    throw cni::Error{cni::ErrorCode::already_attached,
                     "interface \"" + interface + "\" of container \"" + container + "\" is attached to network \"" +
                         network + "\" already",
                     "DEL it before it is added again"};
  }

  /// An address that turns out to live elsewhere on the node stays taken, and the next is tried.
  void connect(const kernel::Site& site) {
    constexpr int attempts = 16;
    for (int attempt = 1; !try_connect(site, attempt == attempts); ++attempt) {
    }
  }

  bool try_connect(const kernel::Site& site, bool is_last) try {
    lease_ = wiring::complete(request_, allocate());
    cni::lap(request_.stopwatch, "addresses");
    wiring_ = wire_on_node(request_, lease_, mtu(), kernel_);
    write_intent();
    cni::lap(request_.stopwatch, "record");
    rollback_.on_failure([this] { disconnect(); });
    build(site);
    return true;
  } catch (const kernel::AddressLivesElsewhere& elsewhere) {
    if (is_last || !has_choice()) throw cni::Error{cni::ErrorCode::address_in_use, elsewhere.what()};
    disconnect();
    return false;
  }

  /// A port of the host whose holder is dead is free.
  void build(const kernel::Site& site) {
    while (!try_build(site)) disconnect();
    if (built_.has_lost_rules) restore_rules_of_others(wiring_, kernel_, folder_);
  }

  bool try_build(const kernel::Site& site) try {
    built_ = kernel_.build(wiring_, site);
    return true;
  } catch (const kernel::HostPortTaken& taken) {
    if (!release_dead_holder(taken, kernel_, folder_)) refuse_host_port(taken, kernel_, folder_);
    return false;
  }

  /// Both, whatever becomes of the other.
  void disconnect() {
    BestEffort effort;
    effort.attempt([this] { remove_links(); });
    effort.attempt([this] { kernel_.remove_rules(wiring_); });
    effort.finish();
  }

  void remove_links() {
    if (wiring_.peer_netns.empty()) {
      kernel_.remove(request_.attachment);
    } else {
      kernel_.remove_cable(request_.attachment, places_of(request_, {}));
    }
  }

  /// Whether another allocation can give another address.
  bool has_choice() const {
    const auto& config = request_.config;
    const bool has_ranges = !config.ipam.ranges.empty() || !config.wishes.ranges.empty();
    return ipam::is_built_in(request_) && has_ranges && config.wishes.addresses.empty();
  }

  cni::Lease allocate() {
    auto lease = allocate_or_reclaim();
    for (const auto& leased : lease.addresses) held_.push_back(leased.address.address);
    if (is_allocated_) return lease;
    is_allocated_ = true;
    rollback_.on_failure([this] { forget(); });
    rollback_.on_failure([this] { ipam_->release(); });
    return lease;
  }

  void forget() {
    const auto& attachment = request_.attachment;
    verbs::forget({attachment.network, cni::tag_of(attachment), wiring_.host_gateways}, kernel_, folder_);
  }

  cni::Lease allocate_or_reclaim() try { return ipam_->allocate(); } catch (const cni::Error& error) {
    const bool is_full = error.code == static_cast<unsigned>(cni::ErrorCode::addresses_exhausted);
    if (!is_full || reclaim(request_.attachment, kernel_, folder_) == 0) throw;
    return ipam_->allocate();
  }

  std::uint32_t mtu() { return request_.config.mtu ? *request_.config.mtu : kernel_.default_route_mtu(); }

  /// What is to be made is on record before the first of it is made. It goes in place of the record that the built-in
  /// IPAM has written of the addresses alone; those of a delegate are the delegate's.
  void write_intent() {
    state::Record record{
        .attachment = request_.attachment, .netns = request_.netns, .wiring = wiring::to_text(wiring_)};
    if (ipam::is_built_in(request_)) record.addresses = held_;
    if (wiring_.peer_netns.empty()) record.host_interface = state::HostInterface{.name = wiring_.host.name};
    std::optional<posix::ByteLock> lock;
    if (!wiring_.host_gateways.empty()) lock = folder_.lock_gateways();
    folder_.write_pending(record);
  }

  /// The runtime has its answer and the attachment works: a record that stays pending only means that a later ADD may
  /// replace it.
  void mark_live() {
    try {
      folder_.mark_live(request_.attachment);
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
  std::vector<cni::IpAddress> held_;  ///< of this try and of those before
  wiring::Wiring wiring_;
  kernel::Built built_;
  bool is_allocated_ = false;
  Rollback rollback_;
};

}  // namespace

void add(const cni::Request& request, kernel::Kernel& kernel, const std::string& root, const Print& print) {
  require_allowed(request.config.tuning.sysctls, sysctl_allow_list);
  const auto site = open_site(request, kernel);
  auto folder = open_folder(root, request.attachment.network);
  Addition{request, kernel, folder}.run(site, print);
}

}  // namespace verbs
