#pragma once

#include "plugin/cluster/directory.hpp"
#include "plugin/cluster/entries.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/prober.hpp"
#include "plugin/veth_node/config.hpp"
#include "plugin/veth_node/kernel_network.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What `veth-node check` reads, before it is interpreted.
namespace diagnosis {

struct StoreContent {
  std::optional<cni::Error> failure{};                  ///< why it could not be read; then the rest is of the snapshot
  cluster::Directory directory{};                       ///< empty if there is no snapshot either
  std::vector<std::string> unreadable{};                ///< one message for each entry that cannot be read
  std::map<cluster::BlockId, cluster::Owner> owners{};  ///< of blocks; empty after a failure
};

/// A way to another node, which an echo request takes.
struct Path {
  std::string node{};
  cni::IpAddress destination{};
  std::uint16_t tunnel_port = 0;  ///< UDP; 0: not through a tunnel, to the address of the node in the underlay

  bool operator==(const Path&) const = default;
};

struct TestedPath {
  Path path{};
  kernel::ProbeAnswer answer{};                      ///< to a small packet
  std::uint32_t full_bytes = 0;                      ///< the largest packet that containers send on this path
  std::optional<kernel::ProbeAnswer> full_answer{};  ///< to a packet of full_bytes; nullopt: none was sent
  std::uint32_t largest = 0;                         ///< bytes of the largest packet that was answered

  bool operator==(const TestedPath&) const = default;
};

struct BlockFile {
  cluster::BlockId block{};
  bool is_hidden = false;                              ///< the block is in quarantine
  std::optional<std::vector<cni::Prefix>> prefixes{};  ///< nullopt: the file is damaged
  std::vector<std::string> containers{};               ///< with addresses of it: NETWORK/CONTAINER/INTERFACE

  bool operator==(const BlockFile&) const = default;
};

struct Examination {
  veth_node::Config config{};
  std::string machine{};
  StoreContent store{};
  veth_node::NetworkState kernel{};
  bool is_running = true;        ///< `veth-node run`
  bool has_network_file = true;  ///< that of the configuration, or it names none
  std::vector<TestedPath> paths{};
  std::string why_untested{};  ///< why no paths were tested; empty: they were
  std::vector<BlockFile> blocks{};
};

}  // namespace diagnosis
