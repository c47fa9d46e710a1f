#include "plugin/kernel/message.hpp"

#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>

#include <linux/if_ether.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <new>
#include <stdexcept>

namespace kernel {
namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::logic_error{std::string{"build a netlink message: "} + what + ": " + nl_geterror(result)};
}

template <class Pointer>
Pointer* allocated(Pointer* pointer) {
  if (pointer == nullptr) throw std::bad_alloc{};
  return pointer;
}

/// Large enough for every message that is not of netfilter; the longest contain an alias or the VLANs of a port. libnl
/// allocates one page by default.
constexpr std::size_t message_capacity_bytes = 768;

Message message_with_capacity(std::size_t room, int type, int flags) {
  Message message{allocated(nlmsg_alloc_size(room))};
  allocated(nlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags));
  return message;
}

void append(nl_msg* message, const void* bytes, std::size_t size, const char* what) {
  check(nlmsg_append(message, const_cast<void*>(bytes), size, NLMSG_ALIGNTO), what);
}

}  // namespace

Message new_message(int type, int flags, const void* header, std::size_t size, std::size_t more_bytes) {
  auto message = message_with_capacity(message_capacity_bytes + more_bytes, type, flags);
  append(message.get(), header, size, "header");
  return message;
}

Message new_message(int type, int flags, const nfgenmsg& header, std::string_view attributes) {
  const auto room = NLMSG_SPACE(sizeof header) + NLMSG_ALIGN(attributes.size());
  auto message = message_with_capacity(room, type, flags);
  append(message.get(), &header, sizeof header, "header");
  append(message.get(), attributes.data(), attributes.size(), "attributes");
  return message;
}

void put_text(nl_msg* message, int attribute, const std::string& text) {
  check(nla_put_string(message, attribute, text.c_str()), "text");
}

void put_number(nl_msg* message, int attribute, std::uint32_t number) {
  check(nla_put_u32(message, attribute, number), "number");
}

void put_address(nl_msg* message, int attribute, const cni::IpAddress& address) {
  const auto bytes = cni::to_bytes(address);
  check(nla_put(message, attribute, static_cast<int>(cni::address_length(address.family) / 8), bytes.data()),
        "address");
}

void put_mac(nl_msg* message, int attribute, const cni::MacAddress& mac) {
  check(nla_put(message, attribute, static_cast<int>(mac.bytes.size()), mac.bytes.data()), "MAC");
}

Message built(int result, nl_msg* message, const char* what) {
  check(result, what);
  return Message{message};
}

void AddressRelease::operator()(nl_addr* address) const { nl_addr_put(address); }

NetlinkAddress to_netlink(const cni::MacAddress& mac) {
  return NetlinkAddress{allocated(nl_addr_build(AF_LLC, mac.bytes.data(), mac.bytes.size()))};
}

bool read_bytes(const nlattr* attribute, void* into, std::size_t size) {
  if (attribute == nullptr || static_cast<std::size_t>(nla_len(attribute)) < size) return false;
  std::memcpy(into, nla_data(attribute), size);
  return true;
}

std::string text_in(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  const auto* text = static_cast<const char*>(nla_data(attribute));
  return {text, ::strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

nlattr* find_nested(nlattr* nest, int type) {
  return nest == nullptr ? nullptr : nla_find(static_cast<nlattr*>(nla_data(nest)), nla_len(nest), type);
}

std::optional<cni::IpAddress> find_address(const nlattr* attribute, cni::Family family) {
  std::array<std::uint8_t, 16> bytes{};
  if (!read_bytes(attribute, bytes.data(), cni::address_length(family) / 8)) return std::nullopt;
  return cni::from_bytes(family, bytes.data());
}

int kernel_family(cni::Family family) { return family == cni::Family::ipv4 ? AF_INET : AF_INET6; }

std::optional<cni::Family> find_family(int kernel_family) {
  if (kernel_family == AF_INET) return cni::Family::ipv4;
  if (kernel_family == AF_INET6) return cni::Family::ipv6;
  return std::nullopt;
}

}  // namespace kernel
