#pragma once

#include "plugin/cluster/store.hpp"

#include <cstdint>
#include <string>

namespace etcd {

/// The last change that is known of the history of a store: where a watch continues.
struct Mark {
  std::int64_t revision = 0;
  std::uint64_t hash = 0;  ///< of the changed item; 0: not known

  bool operator==(const Mark&) const = default;
};

/// Of an item or a change with the revision of etcd. A removed item has no value.
Mark mark_of(const cluster::Item& item);

/// "61/9620427431870330472", or "61" without hash.
std::string to_string(const Mark& mark);

/// Revision 0 if it is no mark.
Mark parse_mark(const std::string& text);

}  // namespace etcd
