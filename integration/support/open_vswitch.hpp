#pragma once

#include <optional>
#include <string>
#include <vector>

namespace support {

/// ovsdb-server and ovs-vswitchd in the network namespace of this process, with the bridge br0. Both end with the
/// object. The datapath of its bridges is in user space ("netdev"), or that which the variable VETH_TEST_OVS_DATAPATH
/// names: "system" is that of the kernel.
class OpenVswitch {
 public:
  /// Why it cannot be started on this machine; nullopt: it can.
  static std::optional<std::string> obstacle();

  static bool is_in_user_space();

  /// Throws std::runtime_error if a program cannot be started.
  OpenVswitch();
  OpenVswitch(const OpenVswitch&) = delete;
  OpenVswitch& operator=(const OpenVswitch&) = delete;
  ~OpenVswitch();

  void add_bridge(const std::string& name) const;

  /// The output of `ovs-vsctl ARGUMENTS`, without the last newline. Throws std::runtime_error if it fails.
  std::string vsctl(const std::vector<std::string>& arguments) const;

  /// The names of the ports of a bridge in ascending order.
  std::vector<std::string> ports(const std::string& bridge = "br0") const;

  /// Returns when ovs-vswitchd, if it runs, is connected again.
  void start_database() const;
  void end_database() const;
  /// They accept connections, and do nothing.
  void stop_database() const;
  void stop_switch() const;
  void resume() const;

 private:
  void start_switch() const;
};

}  // namespace support
