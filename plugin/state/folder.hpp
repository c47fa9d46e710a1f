#pragma once

#include "plugin/state/addresses.hpp"
#include "plugin/state/bridges.hpp"
#include "plugin/state/directory.hpp"
#include "plugin/state/gateways.hpp"
#include "plugin/state/locks.hpp"
#include "plugin/state/ovs.hpp"
#include "plugin/state/records.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The state folder. Each change is one atomic system call, so no file is ever incomplete:
//
//   /run/veth-cni/<boot id>-<cookie of the host's network namespace>/    0700
//     locks                      byte-range locks: for each network's allocation, each attachment, and the gateways
//     =namespace                 a symlink to the inode number of the namespace, written at the creation
//     data-dirs/<hash>           a symlink to another root that has a state folder
//     gateways/<ip>/<tag>        a symlink: the attachment needs the gateway on lo
//     gateways/.claims           a symlink: claims are written (earlier versions wrote none)
//     gateways/.unrecorded       a symlink: interfaces without a record may need gateways
//     .bridges/<bridge>/<ip>     a symlink to the network that holds the address on the bridge
//     .ovs/databases/<hash>      a symlink to the socket of a database of Open vSwitch without ports of earlier boots
//     .ovs/orphans/<tag>         a symlink to the socket of the database: the port could not be removed
//     <network>/addresses/<ip>   a symlink to the tag that holds the address
//     <network>/cursor           a symlink to the addresses after which the next searches begin, one for each
//                                range set ("10.1.0.7 fd00:1::7"; "-": none)
//     <network>/free.<n>         some addresses that were free in range set n at an earlier search, one on each line
//     <network>/pending/<tag>    record of an attachment whose ADD has not printed its result
//     <network>/live/<tag>       the same record after the result was printed
namespace state {

constexpr std::string_view default_root = "/run/veth-cni";

/// The folder of this boot and this network namespace. Each call throws std::system_error with the path for an error of
/// the system.
class Folder {
 public:
  /// Opens the folder. If it is missing, creates it and removes the folders of other boots and of namespaces that are
  /// gone. Throws cni::Error system_refused if other users can change it or its parent: the owner is not the effective
  /// user, it is writable by group or others, or it is a symlink. A folder created below another root than `registry`
  /// is registered in the registry's folder: data-dirs/<hash of the root>, a symlink to the root, so that tools find
  /// all folders.
  static Folder open(const std::string& root = std::string{default_root},
                     const std::string& registry = std::string{default_root});

  /// Registers the root in the registry's folder, as open() does before it creates a folder. For a registry that was
  /// deleted since. Throws as open() does.
  static void register_root(const std::string& root, const std::string& registry);

  /// As open, but creates nothing: nullopt if the folder does not exist.
  static std::optional<Folder> find(const std::string& root = std::string{default_root});

  /// Throws cni::Error system_refused if a directory of the network is a symlink or can be changed by other
  /// users, who may have created it while the folder was writable for them.
  void require_private(const std::string& network) const;

  /// Throws if no file can be created in the folder now.
  void check_writable() const;

  /// The roots that are registered in this folder.
  std::vector<std::string> data_dirs() const;

  /// Whether open() created the folder: it is the first use in this boot and network namespace.
  bool is_new() const { return is_new_; }

  /// The absolute path, for messages.
  const std::string& path() const { return directory_->path(); }
  /// "<boot id>-<cookie of the host's network namespace>": the last part of the path.
  std::string name() const { return path().substr(path().rfind('/') + 1); }

 private:
  Folder(std::unique_ptr<const Directory> directory, Locks opened_locks);

  bool is_new_ = false;
  std::unique_ptr<const Directory> directory_;  // its address does not change when the folder is moved

 public:
  Locks locks;
  Records records;
  Addresses addresses;
  Gateways gateways;
  Bridges bridges;
  Ovs ovs;
};

}  // namespace state
