#include "plugin/kernel/nft_objects.hpp"

#include "plugin/kernel/message.hpp"
#include "plugin/text/quoted.hpp"

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace kernel {
namespace {

constexpr std::uint8_t comment_type = 0;  // NFTNL_UDATA_RULE_COMMENT and NFTNL_UDATA_SET_ELEM_COMMENT of libnftnl
constexpr std::uint8_t key_byte_order_type = 0;  // NFTNL_UDATA_SET_KEYBYTEORDER
constexpr std::uint32_t host_byte_order = 1;

Message nft_message(int message, int flags, NftFamily family, const Bytes& attributes) {
  const nfgenmsg header{.nfgen_family = static_cast<std::uint8_t>(family), .version = NFNETLINK_V0, .res_id = 0};
  return new_message(nft_message_type(message), flags, header, attributes);
}

std::string table_suffix(NftFamily family, const char* table = nft_table) {
  return std::string{" of table "} + (family == NftFamily::inet ? "inet " : "bridge ") + table;
}

std::string action_text(const char* action, const char* kind, const std::string& name, NftFamily family) {
  return std::string{action} + ' ' + kind + ' ' + text::quoted(name) + table_suffix(family);
}

/// User data in the format of libnftnl: type, length and content. The kernel does not interpret it.
Bytes user_data(std::uint8_t type, std::string_view content) {
  return (Bytes{static_cast<char>(type)} + static_cast<char>(content.size())).append(content);
}

Bytes comment_of(std::string_view text) { return user_data(comment_type, Bytes{text} + '\0'); }

Message batch_message(int type, const Bytes& attributes = {}) {
  const nfgenmsg header{.nfgen_family = 0, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  return new_message(type, 0, header, attributes);
}

Bytes chain_attributes(const NftChain& chain, const char* table) {
  auto attributes = nft_text(NFTA_CHAIN_TABLE, table) + nft_text(NFTA_CHAIN_NAME, chain.name);
  if (!chain.comment.empty()) attributes += nft_bytes(NFTA_CHAIN_USERDATA, comment_of(chain.comment));
  if (!chain.hook) return attributes;
  const auto& [type, number, priority] = *chain.hook;
  return attributes + nft_text(NFTA_CHAIN_TYPE, type) +
         nft_nest(NFTA_CHAIN_HOOK, nft_number(NFTA_HOOK_HOOKNUM, number) +
                                       nft_number(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority)));
}

NetlinkRequest new_chain(NftFamily family, const NftChain& chain, int flags, const char* table = nft_table) {
  return {nft_message(NFT_MSG_NEWCHAIN, flags, family, chain_attributes(chain, table)),
          action_text("add", "chain", chain.name, family)};
}

constexpr std::uint32_t length_of(NftType type) {
  switch (type) {
    case NftType::ipv6_addr:
    case NftType::ifname:
      return 16;
    case NftType::ether_addr:
      return 8;  // six bytes, padded
    default:
      return 4;  // at most four bytes, padded
  }
}

/// The types of a concatenation have six bits each, the last one in the lowest bits.
std::uint32_t number_of(const std::vector<NftType>& types) {
  constexpr unsigned bits = 6;
  std::uint32_t number = 0;
  for (const auto type : types) number = (number << bits) | static_cast<std::uint32_t>(type);
  return number;
}

std::uint32_t length_of(const std::vector<NftType>& types) {
  std::uint32_t length = 0;
  for (const auto type : types) length += length_of(type);
  return length;
}

Bytes element_list(const NftElement& element, const Bytes& attributes) {
  return nft_text(NFTA_SET_ELEM_LIST_TABLE, nft_table) + nft_text(NFTA_SET_ELEM_LIST_SET, element.set) +
         nft_nest(NFTA_SET_ELEM_LIST_ELEMENTS, nft_nest(NFTA_LIST_ELEM, attributes));
}

/// The length of the list has 16 bits.
Bytes element_list(const NftKeys& elements) {
  Bytes list;
  for (const auto& key : elements.keys) {
    list += nft_nest(NFTA_LIST_ELEM, nft_nest(NFTA_SET_ELEM_KEY, nft_bytes(NFTA_DATA_VALUE, key)));
  }
  return nft_text(NFTA_SET_ELEM_LIST_TABLE, elements.table) + nft_text(NFTA_SET_ELEM_LIST_SET, elements.set) +
         nft_nest(NFTA_SET_ELEM_LIST_ELEMENTS, list);
}

Bytes key_of(const NftElement& element) { return nft_nest(NFTA_SET_ELEM_KEY, nft_bytes(NFTA_DATA_VALUE, element.key)); }

Bytes element_attributes(const NftElement& element) {
  auto attributes = key_of(element);
  if (!element.data.empty()) {
    attributes += nft_nest(NFTA_SET_ELEM_DATA, nft_bytes(NFTA_DATA_VALUE, element.data));
  }
  return attributes + nft_bytes(NFTA_SET_ELEM_USERDATA, comment_of(element.comment));
}

/// A handle has 64 bits in network byte order.
Bytes handle_of(std::uint64_t handle) {
  constexpr unsigned half = 32;
  const std::array<std::uint32_t, 2> words{htonl(static_cast<std::uint32_t>(handle >> half)),
                                           htonl(static_cast<std::uint32_t>(handle))};
  return nft_bytes(NFTA_RULE_HANDLE, {reinterpret_cast<const char*>(words.data()), sizeof words});
}

Bytes rules_of(const std::string& chain) {
  return nft_text(NFTA_RULE_TABLE, nft_table) + nft_text(NFTA_RULE_CHAIN, chain);
}

/// The answer to a query for an object that does not exist.
const std::vector<int> not_found_errors{ENOENT};

nlmsghdr* header_of(const std::string& message) {
  return const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(message.data()));
}

/// All zeros if the message is too short.
nfgenmsg family_header_of(const std::string& message) {
  nfgenmsg header{};
  const auto* whole = header_of(message);
  if (nlmsg_datalen(whole) >= static_cast<int>(sizeof header)) std::memcpy(&header, nlmsg_data(whole), sizeof header);
  return header;
}

/// The attributes of a message; all null if it has another type.
template <std::size_t Most>
std::array<nlattr*, Most + 1> attributes_of(const std::string& message, int type) {
  std::array<nlattr*, Most + 1> attributes{};
  nlmsghdr* header = header_of(message);
  if (header->nlmsg_type == nft_message_type(type)) {
    nlmsg_parse(header, sizeof(nfgenmsg), attributes.data(), static_cast<int>(Most), nullptr);
  }
  return attributes;
}

std::optional<std::string> name_of(nlattr* attribute) {
  return attribute == nullptr ? std::nullopt : std::optional{text_in(attribute)};
}

/// The text after type and length; empty if the user data do not begin with a comment.
std::string comment_in(nlattr* user_data) {
  constexpr int header_bytes = 2;
  if (user_data == nullptr || nla_len(user_data) < header_bytes) return {};
  const auto* bytes = static_cast<const unsigned char*>(nla_data(user_data));
  const std::size_t room = static_cast<std::size_t>(nla_len(user_data)) - header_bytes;
  if (bytes[0] != comment_type || bytes[1] > room) return {};
  const std::string_view text{reinterpret_cast<const char*>(bytes) + header_bytes, bytes[1]};
  return std::string{text.substr(0, text.find('\0'))};
}

Bytes content_of(const nlattr* attribute) {
  if (attribute == nullptr) return {};
  return {static_cast<const char*>(nla_data(attribute)), static_cast<std::size_t>(nla_len(attribute))};
}

Bytes value_in(nlattr* data) { return content_of(find_nested(data, NFTA_DATA_VALUE)); }

NftElement element_in(nlattr* nest) {
  std::array<nlattr*, NFTA_SET_ELEM_MAX + 1> attributes{};
  nla_parse_nested(attributes.data(), NFTA_SET_ELEM_MAX, nest, nullptr);
  return {.set = {},
          .key = value_in(attributes[NFTA_SET_ELEM_KEY]),
          .data = value_in(attributes[NFTA_SET_ELEM_DATA]),
          .comment = comment_in(attributes[NFTA_SET_ELEM_USERDATA])};
}

}  // namespace

NetlinkRequest begin_transaction(std::optional<std::uint32_t> generation) {
  const auto condition = generation ? nft_number(NFNL_BATCH_GENID, *generation) : Bytes{};
  return {batch_message(NFNL_MSG_BATCH_BEGIN, condition), "change nftables"};
}

NetlinkRequest end_transaction() { return {batch_message(NFNL_MSG_BATCH_END), "change nftables"}; }

NetlinkRequest add_nft_table(NftFamily family, const char* table) {
  return {nft_message(NFT_MSG_NEWTABLE, NLM_F_CREATE, family, nft_text(NFTA_TABLE_NAME, table)),
          "add table" + table_suffix(family, table).substr(sizeof " of table" - 1)};
}

NetlinkRequest add_nft_chain(NftFamily family, const NftChain& chain, const char* table) {
  return new_chain(family, chain, NLM_F_CREATE, table);
}

NetlinkRequest create_nft_chain(NftFamily family, const NftChain& chain) {
  return new_chain(family, chain, NLM_F_CREATE | NLM_F_EXCL);
}

/// Without the byte order in the user data, nft prints the keys of a set of interface names as empty
/// (plugin/kernel/README.md, "nftables messages"). A set needs an ID in its transaction; its value does not matter if
/// elements refer to the set by name.
NetlinkRequest add_nft_set(NftFamily family, const NftSet& set, const char* table) {
  constexpr std::uint32_t any_number = 1;
  auto attributes = nft_text(NFTA_SET_TABLE, table) + nft_text(NFTA_SET_NAME, set.name) +
                    nft_number(NFTA_SET_FLAGS, set.data.empty() ? 0 : NFT_SET_MAP) +
                    nft_number(NFTA_SET_KEY_TYPE, number_of(set.key)) +
                    nft_number(NFTA_SET_KEY_LEN, length_of(set.key)) + nft_number(NFTA_SET_ID, any_number);
  if (!set.data.empty()) {
    attributes +=
        nft_number(NFTA_SET_DATA_TYPE, number_of(set.data)) + nft_number(NFTA_SET_DATA_LEN, length_of(set.data));
  }
  if (set.key == std::vector{NftType::ifname}) {
    attributes += nft_bytes(NFTA_SET_USERDATA, user_data(key_byte_order_type, value_of_host_number(host_byte_order)));
  }
  return {nft_message(NFT_MSG_NEWSET, NLM_F_CREATE, family, attributes), action_text("add", "set", set.name, family)};
}

NetlinkRequest append_nft_rule(NftFamily family, const NftRule& rule, const char* table) {
  const auto attributes = nft_text(NFTA_RULE_TABLE, table) + nft_text(NFTA_RULE_CHAIN, rule.chain) +
                          nft_nest(NFTA_RULE_EXPRESSIONS, rule.expressions) +
                          nft_bytes(NFTA_RULE_USERDATA, comment_of(rule.comment));
  return {nft_message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family, attributes),
          action_text("add", "a rule to chain", rule.chain, family)};
}

NetlinkRequest create_nft_element(const NftElement& element) {
  return {nft_message(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, element.family,
                      element_list(element, element_attributes(element))),
          action_text("add", "an element to set", element.set, element.family)};
}

NetlinkRequest add_nft_elements(const NftKeys& elements) {
  return {nft_message(NFT_MSG_NEWSETELEM, NLM_F_CREATE, elements.family, element_list(elements)),
          action_text("add", "elements to set", elements.set, elements.family)};
}

NetlinkRequest delete_nft_elements(const NftKeys& elements) {
  return {nft_message(NFT_MSG_DELSETELEM, 0, elements.family, element_list(elements)),
          action_text("delete", "elements of set", elements.set, elements.family)};
}

NetlinkRequest delete_nft_table(NftFamily family, const char* table) {
  return {nft_message(NFT_MSG_DELTABLE, 0, family, nft_text(NFTA_TABLE_NAME, table)),
          "delete table" + table_suffix(family, table).substr(sizeof " of table" - 1)};
}

NetlinkRequest delete_nft_chain(NftFamily family, const std::string& chain) {
  const auto attributes = nft_text(NFTA_CHAIN_TABLE, nft_table) + nft_text(NFTA_CHAIN_NAME, chain);
  return {nft_message(NFT_MSG_DELCHAIN, 0, family, attributes), action_text("delete", "chain", chain, family)};
}

NetlinkRequest delete_nft_set(NftFamily family, const std::string& set) {
  const auto attributes = nft_text(NFTA_SET_TABLE, nft_table) + nft_text(NFTA_SET_NAME, set);
  return {nft_message(NFT_MSG_DELSET, 0, family, attributes), action_text("delete", "set", set, family)};
}

NetlinkRequest delete_nft_rule(NftFamily family, const std::string& chain, std::uint64_t handle) {
  return {nft_message(NFT_MSG_DELRULE, 0, family, rules_of(chain) + handle_of(handle)),
          action_text("delete", "a rule of chain", chain, family)};
}

NetlinkRequest flush_nft_chain(NftFamily family, const std::string& chain) {
  return {nft_message(NFT_MSG_DELRULE, 0, family, rules_of(chain)), action_text("flush", "chain", chain, family)};
}

NetlinkRequest delete_nft_element(const NftElement& element) {
  return {nft_message(NFT_MSG_DELSETELEM, 0, element.family, element_list(element, key_of(element))),
          action_text("delete", "an element of set", element.set, element.family)};
}

NetlinkRequest get_nft_generation() {
  return {nft_message(NFT_MSG_GETGEN, 0, NftFamily{}, {}), "get the generation of nftables"};
}

NetlinkRequest get_nft_chain(NftFamily family, const std::string& chain) {
  const auto attributes = nft_text(NFTA_CHAIN_TABLE, nft_table) + nft_text(NFTA_CHAIN_NAME, chain);
  return {nft_message(NFT_MSG_GETCHAIN, 0, family, attributes), action_text("get", "chain", chain, family),
          not_found_errors};
}

NetlinkRequest get_nft_element(const NftElement& element) {
  return {nft_message(NFT_MSG_GETSETELEM, 0, element.family, element_list(element, key_of(element))),
          action_text("get", "an element of set", element.set, element.family), not_found_errors};
}

NetlinkRequest list_nft_chains(NftFamily family) {
  return {nft_message(NFT_MSG_GETCHAIN, 0, family, nft_text(NFTA_CHAIN_TABLE, nft_table)),
          "list chains" + table_suffix(family), not_found_errors};
}

NetlinkRequest list_nft_rules(NftFamily family, const char* table) {
  return {nft_message(NFT_MSG_GETRULE, 0, family, nft_text(NFTA_RULE_TABLE, table)),
          "list rules" + table_suffix(family, table), not_found_errors};
}

NetlinkRequest list_nft_sets(NftFamily family) {
  return {nft_message(NFT_MSG_GETSET, 0, family, nft_text(NFTA_SET_TABLE, nft_table)),
          "list sets" + table_suffix(family), not_found_errors};
}

NetlinkRequest list_nft_elements(NftFamily family, const std::string& set, const char* table) {
  const auto attributes = nft_text(NFTA_SET_ELEM_LIST_TABLE, table) + nft_text(NFTA_SET_ELEM_LIST_SET, set);
  return {nft_message(NFT_MSG_GETSETELEM, 0, family, attributes), action_text("list", "elements of set", set, family),
          not_found_errors};
}

std::optional<std::uint32_t> find_nft_generation(const std::string& message) {
  const auto attributes = attributes_of<NFTA_GEN_MAX>(message, NFT_MSG_NEWGEN);
  if (attributes[NFTA_GEN_ID] == nullptr) return std::nullopt;
  return nft_number_in(attributes[NFTA_GEN_ID]);
}

std::optional<NftChain> find_nft_chain(const std::string& message) {
  const auto attributes = attributes_of<NFTA_CHAIN_MAX>(message, NFT_MSG_NEWCHAIN);
  if (attributes[NFTA_CHAIN_NAME] == nullptr || text_in(attributes[NFTA_CHAIN_TABLE]) != nft_table) return std::nullopt;
  return NftChain{.name = text_in(attributes[NFTA_CHAIN_NAME]), .comment = comment_in(attributes[NFTA_CHAIN_USERDATA])};
}

std::optional<std::string> find_nft_set(const std::string& message) {
  return name_of(attributes_of<NFTA_SET_MAX>(message, NFT_MSG_NEWSET)[NFTA_SET_NAME]);
}

std::optional<FoundRule> find_nft_rule(const std::string& message) {
  constexpr unsigned half = 32;
  const auto attributes = attributes_of<NFTA_RULE_MAX>(message, NFT_MSG_NEWRULE);
  std::array<std::uint32_t, 2> words{};
  if (!read_bytes(attributes[NFTA_RULE_HANDLE], words.data(), sizeof words)) return std::nullopt;
  return FoundRule{.chain = text_in(attributes[NFTA_RULE_CHAIN]),
                   .comment = comment_in(attributes[NFTA_RULE_USERDATA]),
                   .handle = (std::uint64_t{ntohl(words[0])} << half) | ntohl(words[1]),
                   .expressions = content_of(attributes[NFTA_RULE_EXPRESSIONS])};
}

std::vector<NftElement> find_nft_elements(const std::string& message) {
  const auto attributes = attributes_of<NFTA_SET_ELEM_LIST_MAX>(message, NFT_MSG_NEWSETELEM);
  std::vector<NftElement> elements;
  nlattr* list = attributes[NFTA_SET_ELEM_LIST_ELEMENTS];
  if (list == nullptr) return elements;
  int rest = nla_len(list);
  for (auto* nest = static_cast<nlattr*>(nla_data(list)); nla_ok(nest, rest) != 0; nest = nla_next(nest, &rest)) {
    elements.push_back(element_in(nest));
    elements.back().family = family_of(message);
    elements.back().set = text_in(attributes[NFTA_SET_ELEM_LIST_SET]);
  }
  return elements;
}

NftFamily family_of(const std::string& message) { return NftFamily{family_header_of(message).nfgen_family}; }

std::uint16_t generation_of(const std::string& message) { return ntohs(family_header_of(message).res_id); }

}  // namespace kernel
