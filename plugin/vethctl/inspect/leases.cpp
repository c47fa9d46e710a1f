#include "plugin/vethctl/inspect/leases.hpp"

#include "plugin/vethctl/inspect/record_state.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace inspect {
namespace {

/// Lists the leases of one network. A record is read once, also if it contains several addresses.
class LeaseReader {
 public:
  LeaseReader(std::string network, const state::Folder& folder, kernel::Inspector& inspector)
      : network_(std::move(network)), folder_(folder), inspector_(inspector) {}

  void append_to(std::vector<Lease>& leases) {
    for (const auto& taken : folder_.addresses.list(network_)) {
      auto lease = taken.holder ? holder(*taken.holder) : Lease{.network = network_, .address = {}};
      lease.address = taken.address;
      leases.push_back(std::move(lease));
    }
  }

 private:
  const Lease& holder(cni::Tag tag) {
    const auto [entry, is_new] = holders_.try_emplace(tag);
    if (is_new) entry->second = read(tag);
    return entry->second;
  }

  /// Reads the record under the lock: since the address was read, an ADD may have finished or a DEL removed the record.
  Lease read(cni::Tag tag) const {
    const auto lock = folder_.locks.try_attachment(tag);
    Lease lease{.network = network_, .address = {}};
    const auto stored = folder_.records.find(network_, tag);
    if (!stored) return lease;
    if (stored->record) lease.holder = stored->record->attachment;
    lease.state = lock ? determine_state(*stored, inspector_).state : State::in_flight;
    lease.age = age_of(*stored);
    return lease;
  }

  std::string network_;
  const state::Folder& folder_;
  kernel::Inspector& inspector_;
  std::map<cni::Tag, Lease> holders_;
};

}  // namespace

std::vector<Lease> read_leases(kernel::Inspector& inspector, const std::vector<state::Folder>& folders,
                               const std::optional<std::string>& network) {
  std::vector<Lease> leases;
  for (const auto& folder : folders) {
    auto networks = folder.records.networks();
    std::ranges::sort(networks);
    for (const auto& name : networks) {
      if (!network || *network == name) LeaseReader{name, folder, inspector}.append_to(leases);
    }
  }
  return leases;
}

}  // namespace inspect
