#include "plugin/kernel/linux_repairer.hpp"

#include "plugin/kernel/netfilter.hpp"
#include "plugin/kernel/network_namespace.hpp"
#include "plugin/kernel/pair_builder.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/wiring/difference.hpp"

#include <linux/netlink.h>

#include <cerrno>

namespace kernel {

LinuxRepairer::LinuxRepairer(Kernel& kernel) : kernel_(kernel), home_(open_own_namespace()), host_(NETLINK_ROUTE) {}

std::optional<Conflict> LinuxRepairer::repair(const wiring::Wiring& wiring, const Site& site) {
  const auto observed = kernel_.observe(wiring, site);
  if (wiring::difference(wiring, observed).empty()) return std::nullopt;
  if (!wiring::is_own_pair(wiring, observed)) {
    throw posix::system_error(ENODEV, "find both ends of the pair of interface " + text::quoted(wiring.host.name));
  }
  const auto missing = wiring::missing_parts(wiring, observed);
  const Device host_end{observed.host->name, observed.host->index};
  if (site.peer) {
    auto peer = open_socket_inside(site.peer->file.get(), home_.get());
    return PairBuilder{missing, site, home_.get(), peer}.repair(host_end);
  }
  if (const auto conflict = PairBuilder{missing, site, home_.get(), host_}.repair(host_end)) return conflict;
  if (observed.missing_rules.empty()) return std::nullopt;
  const auto taken = Netfilter{}.repair(wiring, site.node_life);
  if (!taken) return std::nullopt;
  return Conflict{.kind = Conflict::Kind::host_port, .host_port = taken->host_side, .holder = taken->holder};
}

}  // namespace kernel
