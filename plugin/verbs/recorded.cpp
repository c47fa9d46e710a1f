#include "plugin/verbs/recorded.hpp"

#include "plugin/wiring/text.hpp"

#include <utility>

namespace verbs {

Recorded::Recorded(std::optional<state::Record> found)
    : record(std::move(found)), outline(record ? wiring::find_outline(record->wiring) : std::nullopt) {}

Recorded::Recorded(const std::optional<state::StoredRecord>& stored)
    : Recorded(stored ? stored->record : std::nullopt) {}

std::vector<cni::IpAddress> Recorded::gateways() const {
  return outline ? outline->host_gateways : std::vector<cni::IpAddress>{};
}

}  // namespace verbs
