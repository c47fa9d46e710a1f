#pragma once

#include "plugin/cni/lease.hpp"
#include "plugin/cni/network_config.hpp"
#include "plugin/cni/request.hpp"

#include <memory>
#include <set>

namespace state {
class Folder;
}

namespace ipam {

/// Where an attachment's addresses come from. One object serves one call; each function throws cni::Error or
/// std::system_error.
class Ipam {
 public:
  virtual ~Ipam() = default;

  /// All addresses that the request asks for, or none: a failure has given back what was taken.
  virtual cni::Lease allocate() = 0;

  /// Gives back all that the attachment holds; nothing held is no error.
  virtual void release() = 0;

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
