#include "ipam/exec_ipam.hpp"
#include "ipam/fixed_ipam.hpp"
#include "ipam/ipam.hpp"
#include "ipam/pool_ipam.hpp"
#include "ipam/range_ipam.hpp"
#include "ipam/reference_ipam.hpp"
#include "ipam/reservation.hpp"

namespace ipam {
namespace {

/// The IPAM of networks without addresses.
class NoIpam : public Ipam {
 public:
  NoIpam(const cni::Request& request, state::Folder* folder) : request_(request), folder_(folder) {}

  Allocation allocate() override { return cni::Lease{}; }
  void check() override {}
  void gc(const std::set<cni::Tag>& valid) override { release_unrecorded(request_, folder_, valid); }
  void status() override {}

 private:
  const cni::Request& request_;
  state::Folder* folder_;
};

}  // namespace

bool uses_builtin_ipam(const cni::Request& request) {
  const auto& type = request.config.ipam.type;
  return type.empty() || type == "veth-ipam";
}

bool reserves_addresses(const cni::Request& request) {
  return uses_builtin_ipam(request) && request.config.ipam.reserves_addresses;
}

std::unique_ptr<Ipam> make_ipam(const cni::Request& request, state::Folder* folder) {
  const cni::NetworkConfig& config = request.config;
  if (config.ipam.type.empty()) return std::make_unique<NoIpam>(request, folder);
  if (const auto dialect = find_own_dialect(request)) return make_in_process_ipam(request, *dialect);
  if (config.ipam.type != "veth-ipam") return std::make_unique<ExecIpam>(request);
  if (!config.ipam.pool.empty()) return std::make_unique<PoolIpam>(request, folder);
  const bool has_ranges = !config.ipam.ranges.empty() || !config.requested.ranges.empty();
  if (has_ranges) return std::make_unique<RangeIpam>(request, folder);
  return std::make_unique<FixedIpam>(request, folder);
}

}  // namespace ipam
