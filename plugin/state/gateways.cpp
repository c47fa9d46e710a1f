#include "plugin/state/gateways.hpp"

#include "plugin/state/addresses.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/state/layout.hpp"

#include <algorithm>

namespace state {
namespace {

/// The target of the symlink is unused: only its name matters.
constexpr auto claim_target = "claim";

std::string entry_of(std::string_view name) { return std::string{gateways_name} + '/' + std::string{name}; }

/// A separate mark, because a network called "gateways" has the same directory.
std::string complete_mark() { return entry_of(".claims"); }
std::string unrecorded_mark() { return entry_of(".unrecorded"); }

std::string directory_of(const cni::IpAddress& gateway) { return entry_of(cni::to_string(gateway)); }

std::string claim_of(const cni::IpAddress& gateway, cni::Tag tag) {
  return directory_of(gateway) + '/' + cni::to_string(tag);
}

}  // namespace

bool Gateways::are_claims_complete() const { return directory_->exists(complete_mark()); }

void Gateways::mark_claims_complete() {
  directory_->create_symlink("kept", complete_mark(), "create the gateway claims");
}

void Gateways::claim(const cni::IpAddress& gateway, cni::Tag tag) {
  directory_->create_symlink(claim_target, claim_of(gateway, tag), "claim the gateway");
}

/// The last DEL removes the directory of the claims before it removes the gateway from lo. While the directory exists,
/// a new claim in it makes this removal fail (ENOTEMPTY), so DEL keeps the gateway.
bool Gateways::try_claim(const cni::IpAddress& gateway, cni::Tag tag) {
  return directory_->create_symlink_in_existing(claim_target, claim_of(gateway, tag)).has_value();
}

bool Gateways::release(const cni::IpAddress& gateway, cni::Tag tag) {
  directory_->remove(claim_of(gateway, tag));
  return directory_->remove_if_empty(directory_of(gateway));
}

/// A call that is killed between the two steps of release() leaves an empty directory.
bool Gateways::is_claimed(const cni::IpAddress& gateway) const { return !directory_->is_empty(directory_of(gateway)); }

std::vector<cni::IpAddress> Gateways::claimed_by(cni::Tag tag) const {
  auto claimed = gateways();
  std::erase_if(claimed, [&](const cni::IpAddress& gateway) { return !directory_->exists(claim_of(gateway, tag)); });
  return claimed;
}

std::vector<GatewayClaim> Gateways::claims() const {
  std::vector<GatewayClaim> claims;
  for (const auto& gateway : gateways()) {
    const auto directory = directory_->find_directory(directory_of(gateway));
    if (!directory) continue;
    DirectoryReader reader{directory->get()};
    while (const auto entry = reader.next()) {
      if (const auto tag = cni::find_tag(entry->name)) claims.push_back({.gateway = gateway, .tag = *tag});
    }
  }
  std::ranges::sort(claims);
  return claims;
}

bool Gateways::has_unrecorded_users() const { return directory_->exists(unrecorded_mark()); }

void Gateways::mark_unrecorded_users() {
  directory_->create_symlink("links", unrecorded_mark(), "mark unrecorded users of gateways");
}

void Gateways::clear_unrecorded_users() { directory_->remove(unrecorded_mark()); }

std::vector<cni::IpAddress> Gateways::gateways() const { return addresses_in(*directory_, std::string{gateways_name}); }

}  // namespace state
