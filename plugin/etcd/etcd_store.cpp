#include "plugin/etcd/etcd_store.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/etcd/requests.hpp"
#include "plugin/http/timed_out.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace etcd {
namespace {

constexpr unsigned http_ok = 200;
constexpr unsigned http_unauthorized = 401;
constexpr std::size_t following_keys = 64;

/// The server is tested after so many heartbeats without a change: a frozen one keeps its connections.
constexpr int heartbeats_before_test = 4;

struct TokenRefused : cni::Error {
  using cni::Error::Error;
};

[[noreturn]] void throw_failure(const http::Response& response) {
  const auto failure = read_failure(response.body);
  const auto message = "etcd refused the request: " + failure.message;
  // "auth: revision in header is old": the users have changed since the token was made.
  const bool is_old = failure.message.find("revision of auth store is old") != std::string::npos;
  if (failure.code == unauthenticated || response.status == http_unauthorized || is_old) {
    throw TokenRefused{cni::ErrorCode::system_refused, message,
                       "check user and password in the configuration of veth-node"};
  }
  constexpr std::array refusals{invalid_argument, not_found, permission_denied, failed_precondition, out_of_range};
  const bool is_refused = std::ranges::find(refusals, failure.code) != refusals.end();
  throw cni::Error{is_refused ? cni::ErrorCode::system_refused : cni::ErrorCode::try_again_later, message};
}

/// The newest change among items, each with a number as its revision.
Mark newest(Mark mark, const std::vector<cluster::Item>& items) {
  for (const auto& item : items) {
    auto other = mark_of(item);
    if (other.revision >= mark.revision) mark = other;
  }
  return mark;
}

/// The changes that follow the mark are compacted, or the store is older than the mark.
bool has_forgotten(const WatchLine& line, const Mark& mark) {
  return line.compacted_revision != 0 || (line.is_created && !line.is_canceled && line.revision < mark.revision);
}

bool contains(const WatchLine& line, const Mark& mark) {
  return std::ranges::any_of(line.changes, [&](const cluster::Change& change) { return mark_of(change.item) == mark; });
}

/// Without the changes of the mark's revision.
WatchLine after(WatchLine line, const Mark& mark) {
  std::erase_if(line.changes, [&](const auto& change) { return mark_of(change.item).revision == mark.revision; });
  return line;
}

}  // namespace

EtcdStore::EtcdStore(Settings settings) : settings_(std::move(settings)), client_(settings_.servers) {}

cluster::Listing EtcdStore::list(const std::string& prefix) {
  Page page{.prefix = settings_.prefix + prefix};
  Mark last;
  cluster::Listing listing;
  bool has_more = true;
  while (has_more) {
    Range range;
    call(range_path, list_page(page), [&](const std::string& body) { range = read_range(body); });
    if (page.revision == 0) page.revision = range.revision;
    if (!range.items.empty()) page.after = range.items.back().key;
    last = newest(last, range.items);
    has_more = range.has_more && !range.items.empty();
    for (auto& item : range.items) listing.items.push_back(relative(std::move(item)));
  }
  listing.revision = to_string(last.hash == 0 ? Mark{.revision = page.revision} : last);
  return listing;
}

std::optional<cluster::Item> EtcdStore::find(const std::string& key) {
  Range range;
  call(range_path, find_key(settings_.prefix + key), [&](const std::string& body) { range = read_range(body); });
  return range.items.empty() ? std::nullopt : std::optional{relative(std::move(range.items.front()))};
}

std::optional<cluster::Occupied> EtcdStore::create(const std::string& key, const std::string& value) {
  auto transaction = change(create_key(settings_.prefix + key, value, following_keys));
  if (transaction.succeeded) return std::nullopt;
  auto& ranges = transaction.ranges;
  if (ranges.size() != 2) throw cni::Error{cni::ErrorCode::decoding_failure, "etcd sent an incomplete answer"};
  cluster::Occupied occupied{.item = {.key = key}, .following = std::vector<std::string>{}};
  if (!ranges.front().items.empty()) occupied.item = relative(std::move(ranges.front().items.front()));
  for (auto& item : ranges.back().items) occupied.following->push_back(relative(std::move(item)).key);
  // Values name their owner, so this one was created by an earlier attempt whose answer was lost.
  return occupied.item.value == value ? std::nullopt : std::optional{std::move(occupied)};
}

bool EtcdStore::replace(const cluster::Item& item) {
  return change(replace_key(settings_.prefix + item.key, item.value, item.revision)).succeeded;
}

bool EtcdStore::remove(const cluster::Item& item) {
  return change(remove_key(settings_.prefix + item.key, item.revision)).succeeded;
}

bool EtcdStore::watch(const std::string& prefix, const std::string& revision,
                      const std::function<bool(const cluster::Changes&)>& changed) {
  auto last = parse_mark(revision);
  const bool is_verified = last.hash != 0;  // by the last change, which etcd sends again
  auto connection = begin_watch(settings_.prefix + prefix, is_verified ? last.revision : last.revision + 1);
  bool is_wanted = true;
  const auto report_silence = [&] {
    is_wanted = changed({.revision = to_string(last)});
    return is_wanted;
  };
  auto line = is_verified ? read_until_known(connection, last) : next_line(connection, report_silence);
  while (is_wanted) {
    if (!line || has_forgotten(*line, last)) return false;
    if (line->is_canceled) {
      client_.use_next_server();
      token_.clear();
      throw cni::Error{cni::ErrorCode::try_again_later, "etcd has ended the watch: " + line->reason};
    }
    cluster::Changes changes;
    for (auto& change : line->changes) {
      last = mark_of(change.item);
      changes.changes.push_back({.item = relative(std::move(change.item)), .removed = change.removed});
    }
    changes.revision = to_string(last);
    if (!changed(changes)) return true;
    line = next_line(connection, report_silence);
  }
  return true;
}

/// The line with the change of the mark, without this change; nullopt if etcd does not have it: it was restored from a
/// backup, and may have made as many changes since.
std::optional<WatchLine> EtcdStore::read_until_known(http::Connection& connection, const Mark& mark) {
  const auto deadline = http::deadline_in(settings_.replay);
  try {
    while (true) {
      const auto text = connection.next_line(deadline);
      if (!text) throw cni::Error{cni::ErrorCode::try_again_later, "etcd has closed the watch"};
      auto line = read_watch_line(*text);
      if (line.is_canceled) return line;
      if (contains(line, mark)) return after(std::move(line), mark);
      const bool has_others = !line.changes.empty() || line.revision < mark.revision;
      if (has_others) return std::nullopt;
    }
  } catch (const http::TimedOut&) {
    return std::nullopt;
  }
}

http::Connection EtcdStore::begin_watch(const std::string& prefix, std::int64_t first_revision) {
  require_token();
  try {
    auto connection = client_.connect();
    const auto deadline = http::deadline_in(settings_.servers.timeout);
    const auto status =
        connection.begin_stream(request_for(watch_path, watch_prefix(prefix, first_revision)), deadline);
    if (status != http_ok) throw_failure({.status = status, .body = connection.read_rest(deadline)});
    return connection;
  } catch (const cni::Error&) {
    client_.use_next_server();
    token_.clear();
    throw;
  }
}

/// An empty line if `is_wanted`, which is called at each heartbeat, has returned false.
WatchLine EtcdStore::next_line(http::Connection& connection, const std::function<bool()>& is_wanted) {
  for (int silent = 1;; ++silent) {
    try {
      const auto line = connection.next_line(http::deadline_in(settings_.heartbeat));
      if (!line) throw cni::Error{cni::ErrorCode::try_again_later, "etcd has closed the watch"};
      return read_watch_line(*line);
    } catch (const http::TimedOut&) {
      if (!is_wanted()) return {};
      if (silent % heartbeats_before_test == 0) test_server();
    }
  }
}

/// Throws if the server of the watch does not answer.
void EtcdStore::test_server() {
  const auto tested = client_.endpoint();
  find("");
  if (tested != client_.endpoint()) {
    throw cni::Error{cni::ErrorCode::try_again_later, http::to_string(tested) + " does not answer any more"};
  }
}

Transaction EtcdStore::change(const std::string& body) {
  Transaction transaction;
  call(transaction_path, body, [&](const std::string& answer) { transaction = read_transaction(answer); });
  return transaction;
}

void EtcdStore::call(std::string_view path, const std::string& body,
                     const std::function<void(const std::string&)>& read) {
  const auto read_response = [&](const http::Response& response) {
    if (response.status != http_ok) throw_failure(response);
    read(response.body);
  };
  require_token();
  try {
    client_.call(request_for(path, body), read_response);
  } catch (const TokenRefused&) {
    if (token_.empty()) throw;
    token_.clear();
    require_token();
    client_.call(request_for(path, body), read_response);
  }
}

/// Tokens expire, at the default after five minutes without a request.
void EtcdStore::require_token() {
  if (settings_.user.empty() || !token_.empty()) return;
  const auto request = request_for(authentication_path, authenticate(settings_.user, settings_.password));
  client_.call(request, [&](const http::Response& response) {
    if (response.status != http_ok) throw_failure(response);
    token_ = read_token(response.body);
  });
}

http::Request EtcdStore::request_for(std::string_view path, std::string body) {
  http::Request request{.method = "POST", .target = std::string{path}, .body = std::move(body)};
  if (!token_.empty()) request.headers.emplace_back("Authorization", token_);
  return request;
}

/// With a key relative to the prefix.
cluster::Item EtcdStore::relative(cluster::Item item) const {
  if (!item.key.starts_with(settings_.prefix)) {
    throw cni::Error{cni::ErrorCode::decoding_failure, "etcd sent a key that was not asked for"};
  }
  item.key.erase(0, settings_.prefix.size());
  return item;
}

}  // namespace etcd
