#pragma once

#include "plugin/cni/error.hpp"
#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/request.hpp"

#include <memory>
#include <optional>
#include <set>
#include <variant>

namespace state {
class Folder;
}

namespace ipam {

/// Why no address was allocated: the range set is full, or the requested address is in use.
struct AllocationFailure {
  std::optional<cni::Tag> holder{};  ///< of the requested address; nullopt: the range set is full, or the holder of the
                                     ///< address is unknown
  std::string network{};             ///< of the holder; empty: the network of the request
  cni::Error error;                  ///< addresses_exhausted or address_in_use
};

using Allocation = std::variant<cni::Lease, AllocationFailure>;

/// Manages the addresses of attachments. One object serves one call. Each function throws cni::Error or
/// std::system_error.
class Ipam {
 public:
  virtual ~Ipam() = default;

  /// Allocates all addresses of the request. On a failure nothing stays allocated.
  virtual Allocation allocate() = 0;

  /// Lets a delegate release all addresses of the attachment; it is not an error if there are none. The built-in kinds
  /// do nothing: the teardown releases their addresses by the record and the links in the state folder.
  virtual void release() {}

  /// Throws if the attachment does not hold the addresses of the previous result.
  virtual void check() = 0;

  /// Releases the addresses that are in no record and are not held by an attachment in `valid`. Skips attachments whose
  /// lock is held: a call for them is in progress.
  virtual void gc(const std::set<cni::Tag>& valid) = 0;

  /// Throws if allocate() would fail now.
  virtual void status() = 0;
};

/// Whether addresses are managed by this program, and not by another executable.
bool uses_builtin_ipam(const cni::Request& request);

/// Whether the addresses of the attachment are reserved in the state folder.
bool reserves_addresses(const cni::Request& request);

/// The IPAM of the request's configuration: a pool, ranges or fixed addresses for type "veth-ipam", the executable of
/// that name in CNI_PATH for any other type, and an IPAM without addresses if there is no type. If that executable is
/// this program under the name "host-local" or "static", it is not run, but served in-process. `folder` may be null for
/// verbs that must work without a state folder (DEL). Request and folder must outlive the IPAM.
std::unique_ptr<Ipam> make_ipam(const cni::Request& request, state::Folder* folder);

}  // namespace ipam
