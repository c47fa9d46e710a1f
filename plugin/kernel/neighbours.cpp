#include "plugin/kernel/neighbours.hpp"

#include "plugin/kernel/message.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cerrno>

namespace kernel {
NetlinkRequest set_neighbour(const Device& device, const wiring::Neighbour& neighbour) {
  ndmsg header{};
  header.ndm_family = static_cast<std::uint8_t>(kernel_family(neighbour.address.family));
  header.ndm_ifindex = static_cast<int>(device.index);
  header.ndm_state = neighbour.is_permanent ? NUD_PERMANENT : NUD_REACHABLE;
  header.ndm_flags = NTF_EXT_LEARNED;
  auto message = new_message(RTM_NEWNEIGH, header, NLM_F_CREATE | NLM_F_REPLACE);
  put_address(message.get(), NDA_DST, neighbour.address);
  put_mac(message.get(), NDA_LLADDR, neighbour.mac);
  return {std::move(message),
          "set neighbour " + cni::to_string(neighbour.address) + " dev \"" + device.name + '"',
          {EAFNOSUPPORT}};
}

}  // namespace kernel
