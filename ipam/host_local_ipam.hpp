#pragma once

#include "ipam/host_local_files.hpp"
#include "ipam/ipam.hpp"
#include "ipam/range.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace ipam {

/// Allocates one address from each range set and keeps the leases in the files of the reference plugin host-local, so
/// that each of the two respects and releases the leases of the other. A full range set is thrown as an error: the
/// leases of attachments that are gone are unknown to it.
class HostLocalIpam : public Ipam {
 public:
  /// Whether ADD refuses an attachment that has leases already, which reads all leases.
  enum class Duplicates { refuse, accept };

  /// `config` is read in the dialect host_local. The request must outlive it.
  HostLocalIpam(const cni::Request& request, cni::NetworkConfig config, Duplicates duplicates);

  Allocation allocate() override;
  void release() override;
  void check() override;
  void gc(const std::set<cni::Tag>& valid) override;
  void status() override;

 private:
  cni::IpAddress allocate_from(const RangeSet& set, std::size_t index, const std::optional<cni::IpAddress>& requested,
                               const HostLocalFiles& files) const;
  void refuse_duplicate(std::size_t index, const RangeSet& set, const HostLocalFiles& files) const;
  bool holds(const cni::IpAddress& address, const HostLocalFiles& files) const;
  std::size_t release_of_previous_result(const HostLocalFiles& files) const;
  std::optional<HostLocalFiles> find_files() const;

  const cni::Request& request_;
  cni::NetworkConfig config_;
  Duplicates duplicates_;
  std::string data_dir_;
  HostLocalHolder holder_;
};

}  // namespace ipam
