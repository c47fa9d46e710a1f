#include "plugin/attachment/conflict_holder.hpp"
#include "plugin/attachment/footprints.hpp"
#include "plugin/attachment/port_handover.hpp"
#include "plugin/attachment/rollback.hpp"
#include "plugin/attachment/state_folder.hpp"
#include "plugin/attachment/teardown.hpp"
#include "plugin/chained/port_wiring.hpp"
#include "plugin/chained/reference_names.hpp"
#include "plugin/chained/reference_program.hpp"
#include "plugin/chained/request.hpp"
#include "plugin/chained/serve.hpp"
#include "plugin/cni/chain_member.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_kernel.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/verbs/restore.hpp"
#include "plugin/wiring/text.hpp"

#include <system_error>
#include <utility>
#include <variant>

// The plugin portmap behind any other plugin. Its elements are in the table of this plugin, like those of "veth". A
// record in the state folder contains them, so that DEL needs no runtimeConfig. They are gone with the container's
// interface, whose ifindexes are recorded.
namespace chained {
namespace {

constexpr const char* plugin_name = "portmap";

cni::Attachment attachment_of_ports(const cni::Request& request) {
  return cni::attachment_of_member(request.attachment, cni::portmap_member);
}

/// One call with what it needs.
struct PortmapCall {
  const cni::Request& request;
  const cni::PortMapConfig& config;
  kernel::LinuxChain chain{};
  kernel::LinuxKernel kernel{};
};

struct WiredPorts {
  kernel::Namespace container;
  kernel::ChainedInterface interface;
  std::optional<wiring::Wiring> wiring{};
};

wiring::End end_of(const kernel::Link& link) { return {.name = link.name, .mac = link.mac}; }

/// Behind a veth the host reaches the container by the host end, or by a bridge. Behind any other interface the rules
/// are enough: the host itself may have no way to the container, as with macvlan.
HostSide host_side_of(const kernel::ChainedInterface& interface, const cni::Lease& lease, kernel::LinuxChain& chain) {
  HostSide side{.container = end_of(interface.link)};
  if (!interface.host || lease.addresses.empty()) return side;
  side.host = end_of(*interface.host);
  if (interface.host->master_index == 0) return side;
  const auto device = chain.find_route_device(lease.addresses.front().address.address);
  if (device && device->index != interface.host->index) side.bridge = device->name;
  return side;
}

WiredPorts wire(PortmapCall& call) {
  const auto& request = call.request;
  const auto& previous = previous_of(request, no_previous);
  auto container = open_container(request);
  auto interface = require_interface(request, container, call.chain);
  const auto lease = mapped_addresses(previous, request.attachment.interface);
  auto wiring = wire_ports(request, call.config, lease, host_side_of(interface, lease, call.chain));
  return {.container = std::move(container), .interface = std::move(interface), .wiring = std::move(wiring)};
}

state::Record record_of(const WiredPorts& wired, const cni::Request& request) {
  const auto& host = wired.interface.host;
  return {.attachment = wired.wiring->attachment,
          .netns = request.netns,
          .pod = cni::pod_of(request.args),
          .host_interface = state::HostInterface{.name = wired.wiring->host.name},
          .ends = {.host = host ? host->index : 0, .container = wired.interface.link.index},
          .wiring = wiring::to_text(*wired.wiring)};
}

/// One ADD that maps ports.
class PortMapping {
 public:
  PortMapping(PortmapCall& call, WiredPorts wired, state::Folder& folder)
      : call_(call),
        wired_(std::move(wired)),
        folder_(folder),
        record_(record_of(wired_, call.request)),
        footprint_(attachment::footprint_of(record_)),
        ports_(call.request, call.kernel, folder),
        rollback_(plugin_name, footprint_, node()) {}

  void run(const Print& print) {
    const auto lock = folder_.locks.attachment(record_.attachment);
    clear_earlier();
    rollback_.arm(nullptr);
    const auto context = context_of_ports();
    ports_.protect(context, [&] { map_and_print(context, print); });
    mark_live();
  }

 private:
  attachment::Node node() { return {.kernel = &call_.kernel, .folder = &folder_}; }

  void map_and_print(const kernel::AttachmentContext& context, const Print& print) {
    rollback_.protect([&] {
      folder_.records.write_pending(record_);
      cni::lap(call_.request.stopwatch, "record");
      build(context);
      cni::lap(call_.request.stopwatch, "kernel_rules");
      print(cni::to_json(*call_.request.config.previous, call_.request.config.version));
    });
  }

  /// The runtime may call ADD again, with other ports.
  void clear_earlier() {
    const auto stored = folder_.records.find(record_.attachment);
    if (!stored) return;
    attachment::tear_down_or_throw({attachment::footprint_of(*stored, record_.attachment.network, folder_)}, node());
  }

  /// Tries again when a port was released, unless its holder still has it.
  void build(const kernel::AttachmentContext& context) {
    auto outcome = call_.chain.map_ports(*wired_.wiring, context);
    std::optional<kernel::Conflict> last;
    while (auto* conflict = std::get_if<kernel::Conflict>(&outcome)) {
      const bool is_released = *conflict != last && ports_.is_released(*conflict);
      if (!is_released) attachment::throw_in_use(*conflict, call_.kernel, folder_);
      last = std::move(*conflict);
      outcome = call_.chain.map_ports(*wired_.wiring, context);
    }
    if (!std::get<kernel::Built>(outcome).has_missing_rules) return;
    verbs::restore_rules_of_other_attachments(*wired_.wiring, context, call_.kernel, folder_);
  }

  kernel::AttachmentContext context_of_ports() {
    kernel::AttachmentContext context;
    context.node_instance = folder_.name();
    context.is_new_instance = folder_.is_new();
    context.takes_port_over = [this](cni::Tag holder) { return ports_.takes_over(holder); };
    return context;
  }

  /// The result is printed, so a failure is ignored: a later ADD replaces the pending record.
  void mark_live() {
    try {
      folder_.records.mark_live(record_.attachment, record_.ends);
    } catch (const std::system_error&) {
      return;
    }
  }

  PortmapCall& call_;
  WiredPorts wired_;
  state::Folder& folder_;
  state::Record record_;
  wiring::Footprint footprint_;
  attachment::PortHandover ports_;
  attachment::Rollback rollback_;
};

void add(PortmapCall& call, const Print& print) {
  const auto& request = call.request;
  const auto& previous = previous_of(request, no_previous);
  const auto pass_on = [&] { print(cni::to_json(previous, request.config.version)); };
  if (call.config.mappings.empty()) return pass_on();
  auto wired = wire(call);
  if (!wired.wiring) return pass_on();
  auto folder = attachment::open_folder(std::string{state::default_root}, request.attachment.network);
  PortMapping{call, std::move(wired), folder}.run(print);
}

std::optional<state::StoredRecord> find_record(const cni::Request& request, const state::Folder* folder) {
  return folder == nullptr ? std::nullopt : folder->records.find(attachment_of_ports(request));
}

/// The rules of the reference plugin count too: it may have attached the container.
void check(PortmapCall& call) {
  const auto& request = call.request;
  previous_of(request, no_previous);
  if (call.config.mappings.empty()) return;
  const auto folder = attachment::find_folder(std::string{state::default_root}, request.attachment.network);
  const bool is_own = find_record(request, folder ? &*folder : nullptr).has_value();
  if (!is_own && call.chain.has_rules(portmap_rules_of_reference(request.attachment))) return;
  const auto wired = wire(call);
  if (wired.wiring) require_none(call.chain.missing_rules(*wired.wiring));
}

/// Without a record only the owner element shows that elements exist: the state folder was deleted.
void remove_unrecorded(PortmapCall& call, attachment::BestEffort& effort) {
  const auto attachment = attachment_of_ports(call.request);
  const auto tag = cni::tag_of(attachment);
  if (!call.chain.has_elements(tag)) return;
  auto footprint = attachment::footprint_of(tag, attachment.network);
  footprint.attachment = attachment;
  footprint.is_foreign_pair = true;
  footprint.may_have_ifb = false;
  attachment::tear_down({std::move(footprint)}, {.kernel = &call.kernel}, effort);
}

void remove_recorded(PortmapCall& call, const state::StoredRecord& stored, state::Folder& folder,
                     attachment::BestEffort& effort) {
  const auto& network = call.request.attachment.network;
  auto footprint = attachment::footprint_of(stored, network, folder);
  footprint.is_foreign_pair = true;
  if (const auto& wiring = footprint.partial_wiring) {
    effort.attempt([&] { call.chain.close_loopback(*wiring); });  // before the record is removed
  }
  attachment::tear_down({std::move(footprint)}, {.kernel = &call.kernel, .folder = &folder}, effort);
  call.kernel.close_netfilter_in_helper();
}

/// The rules of the reference plugin are searched for only if this plugin has mapped no ports of the container.
void del(PortmapCall& call) {
  const auto& request = call.request;
  attachment::BestEffort effort;
  std::optional<state::Folder> folder;
  effort.attempt(
      [&] { folder = attachment::find_folder(std::string{state::default_root}, request.attachment.network); });
  std::optional<posix::ByteLock> lock;
  if (folder) lock = folder->locks.attachment(attachment_of_ports(request));
  std::optional<state::StoredRecord> stored;
  if (folder) effort.attempt([&] { stored = folder->records.find(attachment_of_ports(request)); });
  if (stored) {
    remove_recorded(call, *stored, *folder, effort);
  } else {
    effort.attempt([&] { remove_unrecorded(call, effort); });
    effort.attempt([&] { call.chain.remove_rules(portmap_rules_of_reference(request.attachment)); });
  }
  effort.finish();
}

/// False if this call is not for the reference plugin.
bool is_handed_over(const cni::Request& request, const cni::PortMapConfig& config, const Print& print) {
  if (!config.unsupported) return false;
  if (const auto program = find_reference_program(plugin_name, request.plugin_path)) {
    run_reference_program(*program, request, print);
    return true;
  }
  if (request.verb == cni::Verb::del) return false;
  throw cni::Error{cni::ErrorCode::unsupported_field, *config.unsupported + " is not supported",
                   "remove it, or install the reference plugin as portmap.reference beside this one: this plugin does "
                   "not use iptables, and reads no conditions and sets no marks for its rules"};
}

void serve_ports(const cni::Request& request, const Print& print) {
  const auto config = cni::parse_portmap_config(request.input, request.verb);
  if (is_handed_over(request, config, print)) return;
  posix::forbid_new_privileges();
  PortmapCall call{.request = request, .config = config};
  if (request.verb == cni::Verb::add) return add(call, print);
  if (request.verb == cni::Verb::check) return check(call);
  del(call);
}

}  // namespace

void serve_portmap(cni::Call call, const Print& print) {
  const auto request = parse_request(std::move(call));
  switch (request.verb) {
    case cni::Verb::add:
    case cni::Verb::check:
    case cni::Verb::del:
      return serve_ports(request, print);
    case cni::Verb::gc:
      return gc(request);
    case cni::Verb::status:
    case cni::Verb::version:
      return;
  }
}

}  // namespace chained
