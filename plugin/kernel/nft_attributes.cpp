#include "plugin/kernel/nft_attributes.hpp"

#include <arpa/inet.h>
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

namespace {

struct Attribute {
  int type = 0;
  bool is_nested = false;
  std::string_view payload;
};

/// What is too short for its own length ends them.
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

bool contains_all(std::string_view wanted, std::string_view there);

/// Whether an attribute nests is known of those that we wrote.
bool is_met(const Attribute& wanted, const Attribute& there) {
  if (wanted.type != there.type) return false;
  return wanted.is_nested ? contains_all(wanted.payload, there.payload) : wanted.payload == there.payload;
}

bool contains_all(std::string_view wanted, std::string_view there) {
  const auto found = attributes_in(there);
  return std::ranges::all_of(attributes_in(wanted), [&](const Attribute& each) {
    return std::ranges::any_of(found, [&](const Attribute& other) { return is_met(each, other); });
  });
}

}  // namespace

bool is_fulfilled(std::string_view wanted, std::string_view there) {
  return std::ranges::equal(attributes_in(wanted), attributes_in(there), is_met);
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
