#include "plugin/kernel/identity.hpp"

#include "plugin/cni/attachment.hpp"
#include "plugin/kernel/pairs.hpp"

namespace kernel {
namespace {

constexpr cni::MacAddress no_mac{};

bool has_mac(const Link& link, const wiring::EndIdentity& identity) {
  return identity.mac != no_mac && link.mac == identity.mac;
}

bool has_index(const Link& link, const wiring::EndIdentity& identity) {
  return identity.index != 0 && link.index == identity.index;
}

bool is_peer(const Link& link, const wiring::EndIdentity& other) {
  return other.index != 0 && link.peer_index == other.index;
}

bool has_alias(const Link& link, cni::Tag tag) { return cni::tag_of_alias(link.alias) == tag; }

bool is_end(const Link& link, cni::Tag tag, const wiring::EndIdentity& identity, const wiring::EndIdentity& other) {
  if (!is_pair_kind(link.kind)) return false;
  if (link.name == identity.name && has_mac(link, identity)) return true;
  if (has_index(link, identity) && (has_mac(link, identity) || is_peer(link, other))) return true;
  return has_alias(link, tag);
}

bool is_imported_end(const Link& link, const wiring::EndIdentity& identity, const wiring::EndIdentity& other) {
  return is_pair_kind(link.kind) && has_index(link, identity) && (link.name == identity.name || is_peer(link, other));
}

}  // namespace

bool is_host_end(const Link& link, const wiring::Footprint& footprint) {
  if (footprint.is_imported || footprint.is_foreign_pair)
    return is_imported_end(link, footprint.host, footprint.container);
  return is_end(link, footprint.tag, footprint.host, footprint.container);
}

bool is_container_end(const Link& link, const wiring::Footprint& footprint) {
  const bool is_of_reference =
      footprint.may_be_of_reference && link.kind == "veth" && link.name == footprint.container.name;
  if (is_of_reference) return true;
  if (footprint.is_foreign_pair) return has_index(link, footprint.container) && link.name == footprint.container.name;
  return is_end(link, footprint.tag, footprint.container, footprint.host);
}

bool matches_both_ifindexes(const Link& link, const wiring::EndIdentity& identity, const wiring::EndIdentity& other) {
  return is_pair_kind(link.kind) && has_index(link, identity) && is_peer(link, other);
}

bool is_ifb(const Link& link, const wiring::Footprint& footprint) {
  if (link.kind != "ifb") return false;
  const bool has_own_name = link.name == cni::ifb_name(footprint.tag) && link.mac == cni::ifb_mac(footprint.tag);
  return has_own_name || has_alias(link, footprint.tag);
}

}  // namespace kernel
