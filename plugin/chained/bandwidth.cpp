#include "plugin/chained/reference_names.hpp"
#include "plugin/chained/request.hpp"
#include "plugin/chained/serve.hpp"
#include "plugin/cni/chain_member.hpp"
#include "plugin/cni/chained_config.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/linux_chain.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/wiring/rate_limit.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

// The plugin bandwidth behind any plugin that creates a veth. The ifb has the name that the reference plugin gives it,
// so that either version removes the other's, and an alias, so that GC finds it. There is no record: all limits are on
// the host end, with which they vanish, and on the ifb.
namespace chained {
namespace {

cni::Attachment attachment_of_limits(const cni::Request& request) {
  return cni::attachment_of_member(request.attachment, cni::bandwidth_member);
}

/// The reference plugin's name does not contain the interface. A second interface of the container in the network gets
/// a name from the tag.
std::vector<std::string> ifb_names_of(const cni::Request& request) {
  return {ifb_name_of_reference(request.attachment), cni::ifb_name(cni::tag_of(attachment_of_limits(request)))};
}

const kernel::Link& host_end_of(const kernel::ChainedInterface& interface, const cni::Request& request,
                                const cni::Result& previous) {
  const auto is_listed = [&](const cni::Interface& other) {
    return interface.host && other.sandbox.empty() && other.name == interface.host->name;
  };
  if (std::ranges::any_of(previous.interfaces, is_listed)) return *interface.host;
  if (interface.host) {
    throw cni::Error{cni::ErrorCode::invalid_config, "no veth peer of container interface found in host ns",
                     "/prevResult/interfaces does not contain " + text::quoted(interface.host->name)};
  }
  throw cni::Error{cni::ErrorCode::invalid_config,
                   "container interface " + text::quoted(request.attachment.interface) + " has no veth peer",
                   "rates are limited on the host end of a veth: remove the plugin bandwidth from this chain"};
}

wiring::Wiring wire(const cni::Request& request, const cni::Bandwidth& bandwidth, const kernel::Link& host) {
  wiring::Wiring wiring{.attachment = attachment_of_limits(request), .mtu = host.mtu};
  wiring.host.name = host.name;
  if (bandwidth.ingress) wiring.ingress_limit = wiring::rate_limit(*bandwidth.ingress, host.mtu);
  if (bandwidth.egress) wiring.egress_limit = wiring::rate_limit(*bandwidth.egress, host.mtu);
  return wiring;
}

/// The name of the ifb that the attachment has; if it has none, the first that is not in use. For CHECK, one without an
/// alias is that of the reference plugin, which may have attached the container; ADD does not use it.
std::string choose_ifb(const cni::Request& request, kernel::LinuxChain& chain) {
  const auto names = ifb_names_of(request);
  for (const auto& name : names) {
    const auto link = chain.find_host_link(name);
    if (!link || cni::tag_of_alias(link->alias) == cni::tag_of(attachment_of_limits(request))) return name;
    if (request.verb == cni::Verb::check && link->alias.empty()) return name;
  }
  return names.back();
}

cni::Result result_of(const cni::Result& previous, const std::optional<kernel::Link>& ifb) {
  auto result = previous;
  if (ifb) result.interfaces.push_back({.name = ifb->name, .mac = cni::to_string(ifb->mac)});
  return result;
}

/// A device with a shared block of filters takes no other filters.
[[noreturn]] void explain(const std::system_error& error) {
  if (error.code().value() != EOPNOTSUPP) throw error;
  throw cni::Error{cni::ErrorCode::system_refused, error.what(),
                   "if \"veth\" checks the sources of this container's packets, set its key bandwidth in place of this "
                   "plugin, or \"ipspoofchk\": false"};
}

/// The call fails with the original error.
void roll_back(const wiring::Wiring& wiring, kernel::LinuxChain& chain) {
  try {
    chain.remove_rates(wiring, {wiring.ifb});
  } catch (const std::system_error&) {
    return;
  }
}

void add(const cni::Request& request, const cni::Bandwidth& bandwidth, const Print& print) {
  const auto& previous = previous_of(request, no_previous);
  if (bandwidth == cni::Bandwidth{}) return print(cni::to_json(previous, request.config.version));
  kernel::LinuxChain chain;
  const auto container = open_container(request);
  const auto interface = require_interface(request, container, chain);
  auto wiring = wire(request, bandwidth, host_end_of(interface, request, previous));
  wiring.ifb = choose_ifb(request, chain);
  chain.remove_rates(wiring, {wiring.ifb});  // of an earlier ADD
  try {
    const auto ifb = chain.limit_rates(wiring);
    print(cni::to_json(result_of(previous, ifb), request.config.version));
  } catch (const std::system_error& error) {
    roll_back(wiring, chain);
    explain(error);
  }
}

void check(const cni::Request& request, const cni::Bandwidth& bandwidth) {
  const auto& previous = previous_of(request, no_previous);
  if (bandwidth == cni::Bandwidth{}) return;
  kernel::LinuxChain chain;
  const auto container = open_container(request);
  const auto interface = require_interface(request, container, chain);
  auto wiring = wire(request, bandwidth, host_end_of(interface, request, previous));
  wiring.ifb = choose_ifb(request, chain);
  require_none(chain.missing_limits(wiring));
}

/// The pair is left to the plugin that has created it.
void del(const cni::Request& request) {
  kernel::LinuxChain chain;
  wiring::Wiring wiring{.attachment = attachment_of_limits(request)};
  const auto container = find_container(request);
  const auto interface = container ? chain.find_interface(*container, request.attachment.interface) : std::nullopt;
  if (interface && interface->host) wiring.host.name = interface->host->name;
  chain.remove_rates(wiring, ifb_names_of(request));
}

}  // namespace

void serve_bandwidth(cni::Call call, const Print& print) {
  posix::forbid_new_privileges();
  const auto request = parse_request(std::move(call));
  const auto limits = [&] { return cni::parse_bandwidth_config(request.input, request.verb); };
  switch (request.verb) {
    case cni::Verb::add:
      return add(request, limits(), print);
    case cni::Verb::check:
      return check(request, limits());
    case cni::Verb::del:
      return del(request);
    case cni::Verb::gc:
      return gc(request);
    case cni::Verb::status:
    case cni::Verb::version:
      return;
  }
}

}  // namespace chained
