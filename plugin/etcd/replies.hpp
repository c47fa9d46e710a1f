#pragma once

#include "plugin/cluster/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the JSON gateway of etcd answers. Members with default values are missing. Keys are complete: they begin with
// the prefix of the store. Each reader throws cni::Error decoding_failure for a text of another form.
namespace etcd {

/// Answer to list_page() and find_key().
struct Range {
  std::vector<cluster::Item> items{};
  std::int64_t revision = 0;  ///< of the store
  bool has_more = false;

  bool operator==(const Range&) const = default;
};
Range read_range(std::string_view text);

/// Answer to create_key(), replace_key() and remove_key().
struct Transaction {
  bool succeeded = false;
  std::vector<Range> ranges{};  ///< of the requests for ranges, in their order

  bool operator==(const Transaction&) const = default;
};
Transaction read_transaction(std::string_view text);

/// A line of a watch.
struct WatchLine {
  std::int64_t revision = 0;  ///< of the store, or of the last change
  std::vector<cluster::Change> changes{};
  bool is_created = false;              ///< the watch begins
  bool is_canceled = false;             ///< the watch ends
  std::int64_t compacted_revision = 0;  ///< the watch ends because older changes are forgotten; 0: not so
  std::string reason{};                 ///< why it ends

  bool operator==(const WatchLine&) const = default;
};
WatchLine read_watch_line(std::string_view text);

/// The token in the answer to authenticate().
std::string read_token(std::string_view text);

/// Why a request failed: a status of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html).
struct Failure {
  unsigned code = 2;  ///< 2: unknown
  std::string message{};

  bool operator==(const Failure&) const = default;
};

constexpr unsigned invalid_argument = 3;
constexpr unsigned not_found = 5;  ///< no such path: this is not etcd 3.4 or later
constexpr unsigned permission_denied = 7;
constexpr unsigned failed_precondition = 9;  ///< such as: etcd has no users
constexpr unsigned out_of_range = 11;        ///< the revision is compacted, or does not exist yet
constexpr unsigned unauthenticated = 16;

/// The body of an answer whose HTTP status is not 200. Any text is accepted.
Failure read_failure(std::string_view text);

}  // namespace etcd
