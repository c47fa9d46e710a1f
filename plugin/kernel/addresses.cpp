#include "plugin/kernel/addresses.hpp"

#include "plugin/kernel/message.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>

namespace kernel {
namespace {

ifaddrmsg header_of(const Device& device, const cni::Prefix& prefix) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<std::uint8_t>(kernel_family(prefix.address.family));
  header.ifa_prefixlen = prefix.length;
  header.ifa_index = device.index;
  return header;
}

/// As `ip address add ... brd +` does. A /31 or /32 has no broadcast address (RFC 3021).
bool has_broadcast(const cni::Prefix& prefix) {
  constexpr unsigned longest_with_broadcast = 30;
  return prefix.address.family == cni::Family::ipv4 && prefix.length <= longest_with_broadcast;
}

std::uint32_t flags_of(const wiring::Address& address, bool enable_dad) {
  std::uint32_t flags = 0;
  if (!address.prefix_route) flags |= IFA_F_NOPREFIXROUTE;
  if (!enable_dad && address.prefix.address.family == cni::Family::ipv6) flags |= IFA_F_NODAD;
  return flags;
}

std::string on(const Device& device) { return " on \"" + device.name + '"'; }

}  // namespace

NetlinkRequest add_address(const Device& device, const wiring::Address& address, bool enable_dad) {
  const auto& prefix = address.prefix;
  auto message = new_message(RTM_NEWADDR, header_of(device, prefix), NLM_F_CREATE | NLM_F_EXCL);
  put_address(message.get(), IFA_LOCAL, prefix.address);
  put_address(message.get(), IFA_ADDRESS, prefix.address);
  if (has_broadcast(prefix)) put_address(message.get(), IFA_BROADCAST, cni::last_address(prefix));
  put_number(message.get(), IFA_FLAGS, flags_of(address, enable_dad));
  return {std::move(message), "add address " + cni::to_string(prefix) + on(device)};
}

NetlinkRequest delete_address(const Device& device, const cni::Prefix& prefix) {
  auto message = new_message(RTM_DELADDR, header_of(device, prefix));
  put_address(message.get(), IFA_LOCAL, prefix.address);
  put_address(message.get(), IFA_ADDRESS, prefix.address);
  return {std::move(message), "delete address " + cni::to_string(prefix) + on(device), {EADDRNOTAVAIL, ENODEV}};
}

NetlinkRequest list_addresses(const Device& device) {
  ifaddrmsg header{};
  header.ifa_family = AF_UNSPEC;
  header.ifa_index = device.index;
  return {new_message(RTM_GETADDR, header), "list addresses" + on(device)};
}

std::optional<InterfaceAddress> find_interface_address(const std::string& message) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
  if (header->nlmsg_type != RTM_NEWADDR) return std::nullopt;
  std::array<nlattr*, IFA_MAX + 1> attributes{};
  if (nlmsg_parse(header, sizeof(ifaddrmsg), attributes.data(), IFA_MAX, nullptr) < 0) return std::nullopt;
  const auto* fixed = static_cast<const ifaddrmsg*>(nlmsg_data(header));
  const auto family = find_family(fixed->ifa_family);
  const nlattr* local = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  const auto address = family ? find_address(local, *family) : std::nullopt;
  if (!address) return std::nullopt;
  const auto flags = number_in(attributes[IFA_FLAGS], std::uint32_t{fixed->ifa_flags});
  return InterfaceAddress{.prefix = {*address, fixed->ifa_prefixlen},
                          .is_tentative = (flags & IFA_F_TENTATIVE) != 0,
                          .is_duplicate = (flags & IFA_F_DADFAILED) != 0};
}

}  // namespace kernel
