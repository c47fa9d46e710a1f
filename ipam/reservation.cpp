#include "ipam/reservation.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

namespace ipam {
namespace {

/// Calls `act` for each element, even if it throws, and throws the first failure at the end.
void attempt_each(const auto& elements, const auto& act) {
  std::exception_ptr failure;
  for (const auto& element : elements) {
    try {
      act(element);
    } catch (const std::system_error&) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

bool contains(const std::optional<state::StoredRecord>& stored, const cni::IpAddress& address) {
  return stored && stored->record &&
         std::ranges::find(stored->record->addresses, address) != stored->record->addresses.end();
}

bool is_among(const std::vector<cni::IpAddress>& addresses, const cni::IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

}  // namespace

Reservation::Reservation(state::Folder& folder, const cni::Request& request)
    : folder_(folder),
      request_(request),
      network_(request.attachment.network),
      bridge_(cni::bridge_segment_of(request.config)),
      tag_(cni::tag_of(request.attachment)),
      previous_(folder.records.find(request.attachment)) {}

std::optional<cni::IpAddress> Reservation::take(const std::vector<cni::IpAddress>& addresses) {
  state::Record record = previous_record();
  const auto is_held = [&](const cni::IpAddress& address) { return is_among(record.addresses, address); };
  const auto held = std::ranges::find_if(addresses, is_held);
  if (held != addresses.end()) return *held;
  record.addresses.insert(record.addresses.end(), addresses.begin(), addresses.end());
  folder_.records.write_pending(record);
  return take_links(addresses);
}

std::optional<cni::IpAddress> Reservation::take_links(const std::vector<cni::IpAddress>& addresses) {
  std::vector<cni::IpAddress> done;
  try {
    for (const auto& address : addresses) {
      if (!take_link(address)) {
        undo(done);
        return address;
      }
      done.push_back(address);
    }
  } catch (const std::system_error&) {
    undo(done);
    throw;
  }
  return std::nullopt;
}

/// A link to this attachment that its record does not contain belonged to a record that was deleted, so it can be
/// reused.
bool Reservation::take_link(const cni::IpAddress& address) {
  const bool is_taken =
      folder_.addresses.take(network_, address, tag_) || folder_.addresses.holder(network_, address) == tag_;
  if (!is_taken || bridge_.empty()) return is_taken;
  try {
    if (folder_.bridges.claim(bridge_, address, network_, folder_.locks)) return true;
  } catch (const std::system_error&) {
    folder_.addresses.release(network_, address, tag_);
    throw;
  }
  folder_.addresses.release(network_, address, tag_);
  return false;
}

void Reservation::release_link(const cni::IpAddress& address) {
  folder_.addresses.release(network_, address, tag_, [&] {
    if (!bridge_.empty()) folder_.bridges.release(bridge_, address);
  });
}

/// A failure is ignored: the record contains the addresses, and the runtime's DEL releases them.
void Reservation::undo(const std::vector<cni::IpAddress>& addresses) {
  try {
    attempt_each(addresses, [&](const auto& address) { release_link(address); });
    restore_record();
  } catch (const std::system_error&) {
    return;
  }
}

void Reservation::restore_record() {
  if (!previous_) {
    folder_.records.remove(network_, tag_);
    return;
  }
  folder_.records.write_pending(previous_record());
  if (previous_->stage == state::Stage::live) folder_.records.mark_live(request_.attachment);
}

void Reservation::check(const std::vector<cni::IpAddress>& expected) const {
  std::vector<cni::IpAddress> all = recorded_addresses();
  std::ranges::copy_if(expected, std::back_inserter(all), [&](const auto& address) { return !is_among(all, address); });
  std::vector<std::string> faults;
  for (const auto& address : all) {
    if (folder_.addresses.holder(network_, address) != tag_) faults.push_back(describe_holder(address));
  }
  if (!previous_) faults.emplace_back("the record of the attachment is missing");
  if (!faults.empty()) throw cni::Error{cni::ErrorCode::differs, text::joined(faults, "; ")};
}

/// All links are read only if the record exists but cannot be read. Without a record no address is held.
std::vector<cni::IpAddress> Reservation::recorded_addresses() const {
  if (!previous_) return {};
  return previous_->record ? previous_->record->addresses : folder_.addresses.held_by(network_, tag_);
}

state::Record Reservation::previous_record() const {
  if (previous_ && previous_->record) return *previous_->record;
  return {.attachment = request_.attachment, .netns = request_.netns, .addresses = recorded_addresses()};
}

std::string Reservation::describe_holder(const cni::IpAddress& address) const {
  const std::string start = "address " + cni::to_string(address);
  if (!folder_.addresses.is_taken(network_, address)) return start + " is not held by any attachment";
  return start + " is not held by the attachment but by " + holder_text(folder_, network_, address);
}

std::string holder_text(const state::Folder& folder, const std::string& network, const cni::IpAddress& address) {
  const auto tag = folder.addresses.holder(network, address);
  if (!tag) return "a file in " + text::quoted(folder.path()) + " that this plugin did not create";
  const auto stored = folder.records.find(network, *tag);
  if (!stored || !stored->record) return "an attachment with the tag " + cni::to_string(*tag);
  const auto& attachment = stored->record->attachment;
  return "container " + text::quoted(attachment.container) + ", interface " + text::quoted(attachment.interface);
}

AllocationFailure requested_address_in_use(const state::Folder& folder, const cni::Request& request,
                                           const cni::IpAddress& address) {
  const auto& network = request.attachment.network;
  const auto start = "requested address " + cni::to_string(address) + " is held by ";
  const auto bridge = cni::bridge_segment_of(request.config);
  const auto other = bridge.empty() ? std::nullopt : folder.bridges.holder(bridge, address);
  if (!other || other->network == network) {
    return {.holder = folder.addresses.holder(network, address),
            .error = {cni::ErrorCode::address_in_use, start + holder_text(folder, network, address),
                      "request another address, or delete that container"}};
  }
  return {.holder = other->tag,
          .network = other->network,
          .error = {cni::ErrorCode::address_in_use,
                    start + holder_text(folder, other->network, address) + " of network " +
                        text::quoted(other->network) + " on the same bridge",
                    "request another address, or delete that container"}};
}

void check_reservation(const cni::Request& request, state::Folder* folder,
                       const std::function<bool(const cni::IpAddress&)>& is_ours) {
  if (folder == nullptr)
    throw cni::Error{cni::ErrorCode::differs, "the state folder is missing, so no address is held"};
  std::vector<cni::IpAddress> expected;
  if (request.config.previous) {
    for (const auto& given : request.config.previous->addresses) {
      if (is_ours(given.address.address)) expected.push_back(given.address.address);
    }
  }
  Reservation{*folder, request}.check(expected);
}

/// The lock prevents the holder from changing while its address is released. A record that exists now belongs to an ADD
/// that began after the stale records were removed.
void release_unrecorded(const cni::Request& request, state::Folder* folder, const std::set<cni::Tag>& valid) {
  if (folder == nullptr) return;
  const std::string& network = request.attachment.network;
  attempt_each(folder->addresses.list(network), [&](const state::TakenAddress& taken) {
    if (!taken.holder || valid.contains(*taken.holder)) return;
    const auto lock = folder->locks.try_attachment(*taken.holder);
    if (!lock || contains(folder->records.find(network, *taken.holder), taken.address)) return;
    folder->addresses.release(network, taken.address, *taken.holder);
  });
}

}  // namespace ipam
