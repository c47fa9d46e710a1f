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

/// Why there is no address: all of a range set are taken, or the one that was asked for.
struct Shortage {
  std::optional<cni::Tag> holder{};  ///< of the address that was asked for; nullopt: the range set is full, or nothing
                                     ///< says whose the address is
  cni::Error error;                  ///< addresses_exhausted or address_in_use
};

using Allocation = std::variant<cni::Lease, Shortage>;

/// Where an attachment's addresses come from. One object serves one call; each function throws cni::Error or
/// std::system_error.
class Ipam {
 public:
  virtual ~Ipam() = default;

  /// All addresses that the request asks for, or none: a failure and a shortage have given back what was taken.
  virtual Allocation allocate() = 0;

  /// Has a delegate give back all that the attachment holds; nothing held is no error. What the built-in kinds hold is
  /// in the state folder, by the record and the links there, whatever the configuration says by now.
  virtual void release() {}

  /// Throws where what the previous result says is not what the attachment holds.
  virtual void check() = 0;

  /// Gives back what no record names and no attachment in `valid` holds. Attachments whose lock is held are in flight
  /// and are left alone.
  virtual void collect(const std::set<cni::Tag>& valid) = 0;

  /// Throws where an allocate() now would fail.
  virtual void check_ready() = 0;
};

/// Whether addresses come from this plugin's own code, and not from an executable.
bool is_built_in(const cni::Request& request);

/// The IPAM that the request's configuration names: ranges or fixed addresses for type "veth-ipam", the executable of
/// that name in CNI_PATH for every other type, and one that gives nothing where there is no type. `folder` may be null
/// for verbs that must work without it (DEL): then the built-in kinds have nothing to give back. Request and folder
/// have to outlive it.
std::unique_ptr<Ipam> choose(const cni::Request& request, state::Folder* folder);

}  // namespace ipam
