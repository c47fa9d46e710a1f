#pragma once

#include "plugin/cni/address.hpp"
#include "plugin/kernel/netlink_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct nfgenmsg;
struct nl_addr;
struct nlattr;

// Creates and reads netlink messages with libnl.
namespace kernel {

/// Creates a message of this type with its fixed header (ifinfomsg, ifaddrmsg, rtmsg, ...). `more_bytes`: capacity for
/// attributes that are longer than usual.
Message new_message(int type, int flags, const void* header, std::size_t size, std::size_t more_bytes = 0);

template <class Header>
Message new_message(int type, const Header& header, int flags = 0) {
  return new_message(type, flags, &header, sizeof header);
}

/// Creates a netfilter message with its header and attributes of any size.
Message new_message(int type, int flags, const nfgenmsg& header, std::string_view attributes);

void put_text(nl_msg* message, int attribute, const std::string& text);
void put_number(nl_msg* message, int attribute, std::uint32_t number);
void put_address(nl_msg* message, int attribute, const cni::IpAddress& address);
void put_mac(nl_msg* message, int attribute, const cni::MacAddress& mac);

/// Takes ownership of a message that a libnl function built. Throws std::logic_error if `result`, a libnl error code,
/// is negative.
Message built(int result, nl_msg* message, const char* what);

struct AddressRelease {
  void operator()(nl_addr* address) const;
};
using NetlinkAddress = std::unique_ptr<nl_addr, AddressRelease>;

NetlinkAddress to_netlink(const cni::MacAddress& mac);

// These functions read attributes of any length; null means that the attribute is absent.

/// Copies `size` bytes; returns false and copies nothing if the attribute is shorter.
bool read_bytes(const nlattr* attribute, void* into, std::size_t size);

template <class Number>
Number number_in(const nlattr* attribute, Number otherwise = {}) {
  read_bytes(attribute, &otherwise, sizeof otherwise);
  return otherwise;
}

/// The text up to the first NUL, or all of it.
std::string text_in(const nlattr* attribute);

/// The first attribute of this type in a nested attribute; null if there is none.
nlattr* find_nested(nlattr* nest, int type);

/// nullopt if the attribute contains no address of the family.
std::optional<cni::IpAddress> find_address(const nlattr* attribute, cni::Family family);

/// AF_INET or AF_INET6.
int kernel_family(cni::Family family);
std::optional<cni::Family> find_family(int kernel_family);

}  // namespace kernel
