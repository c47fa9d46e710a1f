#include "plugin/kernel/nft_attributes.hpp"

#include "plugin/kernel/message.hpp"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace kernel {
namespace {

template <class Number>
Bytes bytes_of(Number number) {
  Bytes bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

struct Attribute {
  int type = 0;
  bool is_nested = false;
  std::string_view payload;
};

/// An incomplete attribute ends the list.
std::vector<Attribute> attributes_in(std::string_view bytes) {
  std::vector<Attribute> attributes;
  nlattr header{};
  while (bytes.size() >= sizeof header) {
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) break;
    attributes.push_back({.type = header.nla_type & NLA_TYPE_MASK,
                          .is_nested = (header.nla_type & NLA_F_NESTED) != 0,
                          .payload = bytes.substr(sizeof header, header.nla_len - sizeof header)});
    bytes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
  return attributes;
}

bool contains_all(std::string_view wanted, std::string_view found);

/// Only `wanted` has the flag NLA_F_NESTED; the kernel does not set it in its answers.
bool matches_attribute(const Attribute& wanted, const Attribute& found) {
  if (wanted.type != found.type) return false;
  return wanted.is_nested ? contains_all(wanted.payload, found.payload) : wanted.payload == found.payload;
}

bool contains_all(std::string_view wanted, std::string_view found) {
  const auto others = attributes_in(found);
  return std::ranges::all_of(attributes_in(wanted), [&](const Attribute& each) {
    return std::ranges::any_of(others, [&](const Attribute& other) { return matches_attribute(each, other); });
  });
}

}  // namespace

Bytes padded(Bytes value) {
  constexpr std::size_t alignment = NLA_ALIGNTO;
  value.resize((value.size() + alignment - 1) / alignment * alignment, '\0');
  return value;
}

Bytes nft_bytes(int type, std::string_view payload) {
  const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()),
                      .nla_type = static_cast<std::uint16_t>(type)};
  return padded(bytes_of(header).append(payload));
}

Bytes nft_text(int type, std::string_view text) { return nft_bytes(type, Bytes{text} + '\0'); }

Bytes nft_number(int type, std::uint32_t number) { return nft_bytes(type, bytes_of(htonl(number))); }

Bytes nft_nest(int type, std::string_view attributes) { return nft_bytes(type | NLA_F_NESTED, attributes); }

int nft_message_type(int message) { return (NFNL_SUBSYS_NFTABLES << 8) | message; }

std::uint32_t nft_number_in(const nlattr* attribute) { return ntohl(number_in<std::uint32_t>(attribute)); }

bool matches_expressions(std::string_view wanted, std::string_view found) {
  return std::ranges::equal(attributes_in(wanted), attributes_in(found), matches_attribute);
}

Bytes value_of(const cni::IpAddress& address) {
  const auto bytes = cni::to_bytes(address);
  return {reinterpret_cast<const char*>(bytes.data()), cni::address_length(address.family) / 8};
}

Bytes value_of(const cni::MacAddress& mac) {
  return {reinterpret_cast<const char*>(mac.bytes.data()), mac.bytes.size()};
}

Bytes value_of_port(std::uint16_t port) { return bytes_of(htons(port)); }

Bytes value_of_byte(std::uint8_t byte) { return bytes_of(byte); }

Bytes value_of_interface(std::string_view name) {
  Bytes value{name};
  value.resize(IF_NAMESIZE, '\0');
  return value;
}

Bytes value_of_host_number(std::uint32_t number) { return bytes_of(number); }

}  // namespace kernel
