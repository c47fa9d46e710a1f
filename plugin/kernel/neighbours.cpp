#include "plugin/kernel/neighbours.hpp"

#include "plugin/kernel/message.hpp"

#include <netlink/route/neighbour.h>

#include <linux/neighbour.h>
#include <linux/netlink.h>

#include <cerrno>
#include <memory>
#include <new>

namespace kernel {
namespace {

struct NeighbourRelease {
  void operator()(rtnl_neigh* neighbour) const { rtnl_neigh_put(neighbour); }
};

}  // namespace

NetlinkRequest set_neighbour(const Device& device, const wiring::Neighbour& neighbour) {
  const std::unique_ptr<rtnl_neigh, NeighbourRelease> object{rtnl_neigh_alloc()};
  if (!object) throw std::bad_alloc{};
  rtnl_neigh_set_ifindex(object.get(), static_cast<int>(device.index));
  rtnl_neigh_set_dst(object.get(), to_netlink(neighbour.address).get());
  rtnl_neigh_set_lladdr(object.get(), to_netlink(neighbour.mac).get());
  rtnl_neigh_set_state(object.get(), NUD_REACHABLE);
  rtnl_neigh_set_flags(object.get(), NTF_EXT_LEARNED);
  nl_msg* message = nullptr;
  const int result = rtnl_neigh_build_add_request(object.get(), NLM_F_CREATE | NLM_F_REPLACE, &message);
  return {built(result, message, "neighbour"),
          "set neighbour " + cni::to_string(neighbour.address) + " dev \"" + device.name + '"',
          {EAFNOSUPPORT}};
}

}  // namespace kernel
