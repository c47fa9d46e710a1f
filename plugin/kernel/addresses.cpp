#include "plugin/kernel/addresses.hpp"

#include "plugin/kernel/message.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <memory>
#include <new>

namespace kernel {
namespace {

struct AddressObjectRelease {
  void operator()(rtnl_addr* address) const { rtnl_addr_put(address); }
};
using AddressObject = std::unique_ptr<rtnl_addr, AddressObjectRelease>;

AddressObject describe(const Device& device, const cni::Prefix& prefix) {
  AddressObject object{rtnl_addr_alloc()};
  if (!object) throw std::bad_alloc{};
  rtnl_addr_set_ifindex(object.get(), static_cast<int>(device.index));
  rtnl_addr_set_local(object.get(), to_netlink(prefix).get());
  rtnl_addr_set_prefixlen(object.get(), prefix.length);
  return object;
}

/// As `ip address add ... brd +`: a /31 or /32 has none (RFC 3021).
void describe_broadcast(rtnl_addr* object, const cni::Prefix& prefix) {
  constexpr unsigned longest_with_broadcast = 30;
  if (prefix.address.family == cni::Family::ipv6 || prefix.length > longest_with_broadcast) return;
  rtnl_addr_set_broadcast(object, to_netlink(cni::last_address(prefix)).get());
}

std::string on(const Device& device) { return " on \"" + device.name + '"'; }

}  // namespace

NetlinkRequest add_address(const Device& device, const wiring::Address& address, bool enable_dad) {
  const auto object = describe(device, address.prefix);
  unsigned flags = 0;
  if (!address.prefix_route) flags |= IFA_F_NOPREFIXROUTE;
  if (!enable_dad && address.prefix.address.family == cni::Family::ipv6) flags |= IFA_F_NODAD;
  rtnl_addr_set_flags(object.get(), flags);
  describe_broadcast(object.get(), address.prefix);
  nl_msg* message = nullptr;
  const int result = rtnl_addr_build_add_request(object.get(), NLM_F_CREATE | NLM_F_EXCL, &message);
  return {built(result, message, "address"), "add address " + cni::to_string(address.prefix) + on(device)};
}

NetlinkRequest delete_address(const Device& device, const cni::Prefix& prefix) {
  nl_msg* message = nullptr;
  const int result = rtnl_addr_build_delete_request(describe(device, prefix).get(), 0, &message);
  return {built(result, message, "address"),
          "delete address " + cni::to_string(prefix) + on(device),
          {EADDRNOTAVAIL, ENODEV}};
}

NetlinkRequest list_addresses(const Device& device, cni::Family family) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<std::uint8_t>(kernel_family(family));
  header.ifa_index = device.index;
  return {new_message(RTM_GETADDR, header), "list addresses" + on(device), {EAFNOSUPPORT, EOPNOTSUPP}};
}

std::optional<InterfaceAddress> find_interface_address(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWADDR) return std::nullopt;
  std::array<nlattr*, IFA_MAX + 1> attributes{};
  if (nlmsg_parse(header, sizeof(ifaddrmsg), attributes.data(), IFA_MAX, nullptr) < 0) return std::nullopt;
  const auto* fixed = static_cast<const ifaddrmsg*>(nlmsg_data(header));
  const auto family = find_family(fixed->ifa_family);
  const nlattr* local = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  if (!family || local == nullptr) return std::nullopt;
  const auto flags = attributes[IFA_FLAGS] != nullptr ? nla_get_u32(attributes[IFA_FLAGS]) : fixed->ifa_flags;
  return InterfaceAddress{
      .prefix = {cni::from_bytes(*family, static_cast<const std::uint8_t*>(nla_data(local))), fixed->ifa_prefixlen},
      .is_tentative = (flags & IFA_F_TENTATIVE) != 0,
      .is_duplicate = (flags & IFA_F_DADFAILED) != 0};
}

}  // namespace kernel
