#pragma once

#include "plugin/ovs/database.hpp"
#include "plugin/ovs/port.hpp"
#include "plugin/wiring/observed.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

// The operations on ports of Open vSwitch. Each throws std::system_error if the database cannot be reached or does not
// answer in time, and cni::Error for what it answers.
namespace ovs {

/// Adds one port. The switch works between the two calls.
class PortAddition {
 public:
  explicit PortAddition(NewPort port);

  /// Sends the requests. When it throws, no port was added.
  void request();

  /// Waits until the port has its OpenFlow port number. Returns whether the datapath is in user space. A port of this
  /// attachment that a killed call or an earlier boot has left is removed first. Throws cni::Error invalid_config if
  /// the bridge does not exist, and system_refused with the error of Open vSwitch.
  bool wait();

 private:
  void send();
  void replace_stale();
  std::optional<Refusal> receive_added();
  void await_number();

  NewPort port_;
  std::optional<Database> database_;
  bool is_in_user_space_ = false;
};

/// Removes the ports that exist. In user space it waits until ovs-vswitchd has closed their interfaces: a port for a
/// new interface of the same name would stay connected to the old one. False if that takes too long, for example
/// because ovs-vswitchd is stopped.
bool remove_ports(const std::string& socket, std::span<const std::string> uuids);

/// The same before an interface of the same name may become a port. Waits even if the ports do not exist any more.
/// Throws std::system_error ETIMEDOUT if it takes too long.
void clear_ports(const std::string& socket, std::span<const std::string> uuids);

/// nullopt if the attachment has no port.
std::optional<wiring::ObservedOvsPort> find_port(const wiring::OvsPort& settings, cni::Tag tag,
                                                 const std::string& interface);

/// The settings of an existing port, without its ofport_request; nullopt if the attachment has no port.
std::optional<wiring::OvsPort> find_settings(const std::string& socket, cni::Tag tag, const std::string& interface);

/// The ports of this plugin.
std::vector<StoredPort> list_ports(const std::string& socket);

/// Throws unless the bridge exists and ovs-vswitchd applies changes.
void check_ready(const std::string& socket, const std::string& bridge);

}  // namespace ovs
