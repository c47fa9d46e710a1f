#include "ipam/holding.hpp"

#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <system_error>
#include <utility>

namespace ipam {
namespace {

/// Does it for each, whatever fails, and throws the first failure at the end.
void for_each(const auto& elements, const auto& act) {
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

bool names(const std::optional<state::StoredRecord>& stored, const cni::IpAddress& address) {
  return stored && stored->record &&
         std::ranges::find(stored->record->addresses, address) != stored->record->addresses.end();
}

bool is_among(const std::vector<cni::IpAddress>& addresses, const cni::IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

}  // namespace

Holding::Holding(state::Folder& folder, const cni::Request& request)
    : folder_(folder),
      request_(request),
      network_(request.attachment.network),
      tag_(cni::tag_of(request.attachment)),
      before_(folder.records.find(request.attachment)) {}

std::optional<cni::IpAddress> Holding::take(const std::vector<cni::IpAddress>& addresses) {
  state::Record record = recorded_before();
  const auto is_held = [&](const cni::IpAddress& address) { return is_among(record.addresses, address); };
  const auto again = std::ranges::find_if(addresses, is_held);
  if (again != addresses.end()) return *again;
  record.addresses.insert(record.addresses.end(), addresses.begin(), addresses.end());
  folder_.records.write_pending(record);
  return take_links(addresses);
}

std::optional<cni::IpAddress> Holding::take_links(const std::vector<cni::IpAddress>& addresses) {
  std::vector<cni::IpAddress> done;
  try {
    for (const auto& address : addresses) {
      if (!take_link(address)) {
        take_back(done);
        return address;
      }
      done.push_back(address);
    }
  } catch (const std::system_error&) {
    take_back(done);
    throw;
  }
  return std::nullopt;
}

/// A link to us that our record does not name is what was left when the record was lost: it is ours.
bool Holding::take_link(const cni::IpAddress& address) {
  return folder_.addresses.take(network_, address, tag_) || folder_.addresses.holder(network_, address) == tag_;
}

/// What cannot be undone here does no harm: the record names it, and the runtime's DEL gives it back.
void Holding::take_back(const std::vector<cni::IpAddress>& addresses) {
  try {
    for_each(addresses, [&](const auto& address) { folder_.addresses.release(network_, address, tag_); });
    restore_record();
  } catch (const std::system_error&) {
    return;
  }
}

void Holding::restore_record() {
  if (!before_) {
    folder_.records.forget(network_, tag_);
    return;
  }
  folder_.records.write_pending(recorded_before());
  if (before_->stage == state::Stage::live) folder_.records.mark_live(request_.attachment);
}

void Holding::check(const std::vector<cni::IpAddress>& expected) const {
  std::vector<cni::IpAddress> all = recorded();
  std::ranges::copy_if(expected, std::back_inserter(all), [&](const auto& address) { return !is_among(all, address); });
  std::vector<std::string> faults;
  for (const auto& address : all) {
    if (folder_.addresses.holder(network_, address) != tag_) faults.push_back(fault_of(address));
  }
  if (!before_) faults.emplace_back("no record names the addresses of the attachment");
  if (!faults.empty()) throw cni::Error{cni::ErrorCode::differs, text::joined(faults, "; ")};
}

/// The record is the short way: the links are all read only where it is there and cannot be read. Without one nothing
/// is held.
std::vector<cni::IpAddress> Holding::recorded() const {
  if (!before_) return {};
  return before_->record ? before_->record->addresses : folder_.addresses.held_by(network_, tag_);
}

state::Record Holding::recorded_before() const {
  if (before_ && before_->record) return *before_->record;
  return {.attachment = request_.attachment, .netns = request_.netns, .addresses = recorded()};
}

std::string Holding::fault_of(const cni::IpAddress& address) const {
  const std::string start = "address " + cni::to_string(address) + " is not held by the attachment but by ";
  return start + (folder_.addresses.is_taken(network_, address) ? holder_text(folder_, network_, address) : "nobody");
}

std::string holder_text(const state::Folder& folder, const std::string& network, const cni::IpAddress& address) {
  const auto tag = folder.addresses.holder(network, address);
  if (!tag) return "a file in " + text::quoted(folder.path()) + " that is not of this plugin";
  const auto stored = folder.records.find(network, *tag);
  if (!stored || !stored->record) return "an attachment with the tag " + cni::to_string(*tag);
  const auto& attachment = stored->record->attachment;
  return "container " + text::quoted(attachment.container) + ", interface " + text::quoted(attachment.interface);
}

Shortage requested_shortage(const state::Folder& folder, const std::string& network, const cni::IpAddress& address) {
  return {.holder = folder.addresses.holder(network, address),
          .error = {cni::ErrorCode::address_in_use, "requested address " + cni::to_string(address) + " is held by " +
                                                        holder_text(folder, network, address)}};
}

void check_held(const cni::Request& request, state::Folder* folder,
                const std::function<bool(const cni::IpAddress&)>& is_ours) {
  if (folder == nullptr) throw cni::Error{cni::ErrorCode::differs, "the state folder is gone, no address is held"};
  std::vector<cni::IpAddress> expected;
  if (request.config.previous) {
    for (const auto& given : request.config.previous->addresses) {
      if (is_ours(given.address.address)) expected.push_back(given.address.address);
    }
  }
  Holding{*folder, request}.check(expected);
}

/// The lock keeps the holder from changing while its address is given back. What a record names by now was taken by an
/// ADD that came after the stale records were forgotten.
void collect_held(const cni::Request& request, state::Folder* folder, const std::set<cni::Tag>& valid) {
  if (folder == nullptr) return;
  const std::string& network = request.attachment.network;
  for_each(folder->addresses.list(network), [&](const state::TakenAddress& taken) {
    if (!taken.holder || valid.contains(*taken.holder)) return;
    const auto lock = folder->locks.try_attachment(*taken.holder);
    if (!lock || names(folder->records.find(network, *taken.holder), taken.address)) return;
    folder->addresses.release(network, taken.address, *taken.holder);
  });
}

}  // namespace ipam
