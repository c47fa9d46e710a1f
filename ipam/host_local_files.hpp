#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/posix/file_descriptor.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The files of the reference plugin host-local, which other plugins of the node and administrators read too:
//
//   /var/lib/cni/networks/NETWORK/lock                  flock(2) while leases are read or changed
//                                 10.1.2.3              a lease: container ID, CR LF, interface
//                                 last_reserved_ip.N    the address after which the search in range set N begins
//                                 boot_id               only of this program: the boot to which the leases belong
namespace ipam {

/// The holder of a lease. The reference plugin wrote only the container ID before version 0.7.
struct HostLocalHolder {
  std::string container;
  std::string interface {};  ///< empty: not in the file

  bool operator==(const HostLocalHolder&) const = default;
};

/// Parses the content of a lease file. The container is empty if the file is, for example after a crash.
HostLocalHolder parse_host_local(std::string_view content);

/// The folder of one network, with its lock held. Each function throws std::system_error.
class HostLocalFiles {
 public:
  /// Creates the folder if it is missing. Throws cni::Error try_again_later if another process holds the lock for 10 s.
  static HostLocalFiles open(const std::string& data_dir, const std::string& network);

  /// The same without creating it: nullopt if it is missing.
  static std::optional<HostLocalFiles> find(const std::string& data_dir, const std::string& network);

  /// False if the address is taken.
  bool take(const cni::IpAddress& address, const HostLocalHolder& holder) const;
  /// nullopt: the address is free.
  std::optional<HostLocalHolder> holder_of(const cni::IpAddress& address) const;
  void release(const cni::IpAddress& address) const;

  std::optional<cni::IpAddress> last_reserved(std::size_t set) const;
  void set_last_reserved(std::size_t set, const cni::IpAddress& address) const;

  /// All taken addresses in ascending order.
  std::vector<cni::IpAddress> taken() const;
  /// Those whose holder is accepted. Reads each lease.
  std::vector<cni::IpAddress> held_by(const std::function<bool(const HostLocalHolder&)>& is_wanted) const;

  /// Removes the leases that were written before this boot: no container survives it.
  void remove_leases_of_earlier_boots() const;

 private:
  HostLocalFiles(std::string path, posix::FileDescriptor directory);
  void lock();
  void write(const std::string& name, std::string_view text) const;
  std::vector<std::string> names() const;

  std::string path_;
  posix::FileDescriptor directory_;
  posix::FileDescriptor lock_;
};

}  // namespace ipam
