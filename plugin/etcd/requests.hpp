#pragma once

#include "plugin/cluster/store.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The bodies of the requests to the JSON gateway of etcd, version 3
// (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/): keys and values are base64, numbers of 64 bits are strings.
// Keys are complete here: they begin with the prefix of the store.
namespace etcd {

constexpr std::string_view range_path = "/v3/kv/range";
constexpr std::string_view transaction_path = "/v3/kv/txn";
constexpr std::string_view watch_path = "/v3/watch";
constexpr std::string_view authentication_path = "/v3/auth/authenticate";

/// A page of the items whose keys begin with a prefix.
struct Page {
  std::string prefix;
  std::string after{};        ///< the last key of the page before; empty: the first page
  std::int64_t revision = 0;  ///< of the first page; 0: this is the first one
  std::size_t limit = 500;

  bool operator==(const Page&) const = default;
};
std::string list_page(const Page& page);

std::string find_key(std::string_view key);

/// Creates a key. If it exists: its item, and the keys of this and the following items in its folder.
std::string create_key(std::string_view key, std::string_view value, std::size_t limit);

/// If the item still has this revision: replaces its value, or removes it.
std::string replace_key(std::string_view key, std::string_view value, std::string_view revision);
std::string remove_key(std::string_view key, std::string_view revision);

/// Changes of the keys with the prefix from this revision on.
std::string watch_prefix(std::string_view prefix, std::int64_t first_revision);

std::string authenticate(std::string_view user, std::string_view password);

/// The first key after all keys with the prefix: the end of a range.
std::string end_of(std::string_view prefix);

}  // namespace etcd
