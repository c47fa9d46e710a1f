#include "plugin/ovs/ports.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <cerrno>
#include <utility>

namespace ovs {
namespace {

/// How long ovs-vswitchd may take to open an interface, and to close one.
constexpr std::chrono::milliseconds open_timeout{5000};
constexpr std::chrono::milliseconds close_timeout{1500};

constexpr RequestId add_id = 1;
constexpr RequestId await_id = 2;
constexpr RequestId other_id = 3;

std::uint32_t count_of(std::chrono::milliseconds timeout) { return static_cast<std::uint32_t>(timeout.count()); }

[[noreturn]] void throw_refused(const std::string& act, const Refusal& refusal) {
  throw cni::Error{cni::ErrorCode::system_refused, "Open vSwitch: cannot " + act + ": " + refusal.error,
                   refusal.details};
}

[[noreturn]] void throw_no_bridge(const std::string& bridge) {
  throw cni::Error{cni::ErrorCode::invalid_config, "Open vSwitch has no bridge " + text::quoted(bridge),
                   "create it: ovs-vsctl add-br " + bridge};
}

[[noreturn]] void throw_not_opened(const std::string& interface, const std::string& why) {
  throw cni::Error{cni::ErrorCode::system_refused,
                   "Open vSwitch: cannot open interface " + text::quoted(interface) + ": " + why,
                   "see the log of ovs-vswitchd"};
}

/// An interface name is unique in the database, a port's UUID too.
bool is_name_taken(const Refusal& refusal) {
  return refusal.error == "constraint violation" &&
         refusal.details.find("index on column \"name\"") != std::string::npos;
}

bool is_stale(const Refusal& refusal) { return refusal.error == "duplicate uuid" || is_name_taken(refusal); }

[[noreturn]] void throw_refused(const NewPort& port, const Refusal& refusal) {
  if (refusal.operation == 0 && refusal.error == "timed out") throw_no_bridge(port.settings.bridge);
  if (is_name_taken(refusal)) {
    throw cni::Error{cni::ErrorCode::system_refused,
                     "Open vSwitch has a port " + text::quoted(port.interface) + " of other software",
                     "remove it: ovs-vsctl del-port " + port.interface};
  }
  throw_refused("add port " + text::quoted(port.interface) + " to bridge " + text::quoted(port.settings.bridge),
                refusal);
}

Removed remove_rows(Database& database, std::span<const std::string> uuids) {
  const auto results = database.call(other_id, remove_ports(other_id, uuids));
  if (const auto refusal = find_refusal(results)) throw_refused("remove ports", *refusal);
  return read_removed(results).value_or(Removed{});
}

/// Asks ovs-vswitchd to apply all changes; false if it has not done so in time.
bool wait_for_switch(Database& database, std::chrono::milliseconds timeout) {
  const auto requested = database.call(other_id, request_configuration(other_id));
  const auto number = read_configuration_number(requested);
  if (!number) return false;
  const auto wait = await_configuration(other_id, *number, count_of(timeout));
  return !find_refusal(database.call(other_id, wait, timeout));
}

}  // namespace

PortAddition::PortAddition(NewPort port) : port_(std::move(port)) {}

void PortAddition::request() {
  database_.emplace(port_.settings.socket);
  send();
}

void PortAddition::send() {
  database_->send(add_port(add_id, port_) + await_port(await_id, port_.interface, count_of(open_timeout)));
}

bool PortAddition::wait() {
  auto refusal = receive_added();
  if (refusal && is_stale(*refusal)) {
    replace_stale();
    refusal = receive_added();
  }
  if (refusal) throw_refused(port_, *refusal);
  await_number();
  return is_in_user_space_;
}

std::optional<Refusal> PortAddition::receive_added() {
  const auto results = database_->receive(add_id, deadline_in(answer_timeout));
  auto refusal = find_refusal(results);
  if (!refusal) is_in_user_space_ = read_added(results).value_or(false);
  return refusal;
}

/// Rows of an interface are compared by name: removed and added in one transaction, ovs-vswitchd would keep the
/// interface of the old port. A new connection, since the answer to the second request is still due.
void PortAddition::replace_stale() {
  const auto uuid = port_uuid(cni::tag_of(port_.attachment));
  clear_ports(port_.settings.socket, {&uuid, 1});
  request();
}

void PortAddition::await_number() {
  const auto results = database_->receive(await_id, deadline_in(answer_timeout + open_timeout));
  if (const auto refusal = find_refusal(results)) {
    if (refusal->error != "timed out") throw_refused("wait for port " + text::quoted(port_.interface), *refusal);
    throw cni::Error{cni::ErrorCode::try_again_later,
                     "ovs-vswitchd has not opened interface " + text::quoted(port_.interface) + " within 5 seconds",
                     "is ovs-vswitchd running? See ovs-vsctl show and its log"};
  }
  const auto state = read_interface_state(results);
  if (!state) throw_not_opened(port_.interface, "the port was removed by other software");
  if (state->ofport <= 0) throw_not_opened(port_.interface, state->error);
}

bool remove_ports(const std::string& socket, std::span<const std::string> uuids) {
  if (uuids.empty()) return true;
  Database database{socket};
  const auto removed = remove_rows(database, uuids);
  return removed.count == 0 || !removed.is_in_user_space || wait_for_switch(database, close_timeout);
}

void clear_ports(const std::string& socket, std::span<const std::string> uuids) {
  if (uuids.empty()) return;
  Database database{socket};
  remove_rows(database, uuids);
  if (wait_for_switch(database, open_timeout)) return;
  throw posix::system_error(ETIMEDOUT, "wait for ovs-vswitchd to close stale interfaces");
}

std::optional<wiring::ObservedOvsPort> find_port(const wiring::OvsPort& settings, cni::Tag tag,
                                                 const std::string& interface) {
  Database database{settings.socket};
  const auto results = database.call(other_id, find_port(other_id, port_uuid(tag), interface));
  if (const auto refusal = find_refusal(results)) throw_refused("read port " + text::quoted(interface), *refusal);
  return read_port(results);
}

std::optional<wiring::OvsPort> find_settings(const std::string& socket, cni::Tag tag, const std::string& interface) {
  const auto found = find_port({.socket = socket}, tag, interface);
  if (!found) return std::nullopt;
  wiring::OvsPort port{.bridge = found->bridge,
                       .socket = socket,
                       .tag = found->tag,
                       .vlan_mode = found->vlan_mode,
                       .iface_id = found->iface_id,
                       .policing_rate = found->policing_rate,
                       .policing_burst = found->policing_burst};
  for (const auto id : found->trunks) port.trunks.push_back({id, id});
  return port;
}

std::vector<StoredPort> list_ports(const std::string& socket) {
  Database database{socket};
  const auto results = database.call(other_id, list_ports(other_id));
  if (const auto refusal = find_refusal(results)) throw_refused("list ports", *refusal);
  return read_ports(results);
}

void check_ready(const std::string& socket, const std::string& bridge) {
  Database database{socket};
  const auto found = database.call(other_id, find_bridge(other_id, bridge));
  if (!read_bridge_exists(found).value_or(false)) throw_no_bridge(bridge);
  if (wait_for_switch(database, answer_timeout)) return;
  throw posix::system_error(ETIMEDOUT, "wait for ovs-vswitchd to apply the configuration");
}

}  // namespace ovs
