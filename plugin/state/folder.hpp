#pragma once

#include "plugin/state/addresses.hpp"
#include "plugin/state/directory.hpp"
#include "plugin/state/gateways.hpp"
#include "plugin/state/locks.hpp"
#include "plugin/state/records.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The file system is the database. Each change is one atomic system call, and nothing is ever half there:
//
//   /run/veth-cni/<boot id>-<cookie of the host's network namespace>/    0700
//     locks                      a byte for each network's allocation, one for each attachment, one for the gateways
//     data-dirs/<hash>           a symbolic link to another root that has a state folder
//     gateways/<ip>/<tag>        a symbolic link: the attachment needs the gateway on lo
//     gateways/.claims           a symbolic link: the claims are kept (earlier versions kept none)
//     gateways/.unrecorded       a symbolic link: links without a record may need gateways
//     <network>/addresses/<ip>   a symbolic link to the tag that holds the address
//     <network>/cursor           a symbolic link to the addresses after which the next searches begin, one for each set
//                                of ranges ("10.1.0.7 fd00:1::7"; "-": none)
//     <network>/pending/<tag>    record of an attachment whose ADD has not been answered
//     <network>/live/<tag>       the same record after the answer was written
namespace state {

constexpr std::string_view default_root = "/run/veth-cni";

/// The folder of this boot and this network namespace. Every call throws std::system_error for what the system refuses,
/// with the path.
class Folder {
 public:
  /// Opens it, and makes it where it is missing; folders of another boot are removed then. Throws Error system_refused
  /// where others than root can change it or its parent (owner other than the effective user, writable by group or
  /// others, a symbolic link). A folder that is made below another root than `registry` is written down in the
  /// registry's folder: data-dirs/<hash of the root>, a symbolic link to the root, so that a tool finds all.
  static Folder open(const std::string& root = std::string{default_root},
                     const std::string& registry = std::string{default_root});

  /// Writes the root down in the registry's folder, as open() does before it makes a folder: the registry may have been
  /// lost since. Throws as open() does.
  static void write_down(const std::string& root, const std::string& registry);

  /// As open, but makes nothing: nullopt where there is none.
  static std::optional<Folder> find(const std::string& root = std::string{default_root});

  /// Throws Error system_refused where a directory of the network is a symbolic link, or can be changed by others than
  /// the effective user: whoever could write in the folder once may have left it.
  void refuse_planted(const std::string& network) const;

  /// Throws where a file cannot be made in the folder now.
  void check_writable() const;

  /// The roots that open() wrote down here.
  std::vector<std::string> data_dirs() const;

  /// Whether open() has made it: nothing was attached in this boot and network namespace yet.
  bool is_new() const { return is_new_; }

  /// The absolute path, for messages.
  const std::string& path() const { return directory_->path(); }
  /// "<boot id>-<cookie of the host's network namespace>": the last part of the path.
  std::string name() const { return path().substr(path().rfind('/') + 1); }

 private:
  Folder(std::unique_ptr<const Directory> directory, Locks opened_locks);

  bool is_new_ = false;
  std::unique_ptr<const Directory> directory_;  // where it is stays when the folder is moved

 public:
  Locks locks;
  Records records;
  Addresses addresses;
  Gateways gateways;
};

}  // namespace state
