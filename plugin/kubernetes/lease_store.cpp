#include "plugin/kubernetes/lease_store.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/http/timed_out.hpp"
#include "plugin/text/quoted.hpp"

#include <utility>

namespace kubernetes {
namespace {

constexpr unsigned ok = 200;
constexpr unsigned created = 201;
constexpr unsigned unauthorized = 401;
constexpr unsigned forbidden = 403;
constexpr unsigned not_found = 404;
constexpr unsigned conflict = 409;
constexpr unsigned too_many_requests = 429;
constexpr unsigned server_error = 500;

/// Tokens of service accounts are valid for an hour, and replaced after 80 % of it.
constexpr std::chrono::minutes time_of_credentials{1};

/// The server sends a bookmark each minute; a watch that is silent for longer has ended without a word.
constexpr int silent_heartbeats = 5;

[[noreturn]] void throw_failure(const http::Response& response, const std::string& act) {
  const auto failure = read_api_failure(response.body);
  const auto message = "the API server refused to " + act + ": " + failure.message;
  if (response.status == forbidden) {
    throw cni::Error{cni::ErrorCode::system_refused, message,
                     "the service account needs the rights of conf/kubernetes/veth-node.yaml"};
  }
  const bool is_temporary =
      response.status == unauthorized || response.status == too_many_requests || response.status >= server_error;
  throw cni::Error{is_temporary ? cni::ErrorCode::try_again_later : cni::ErrorCode::system_refused, message};
}

/// Entries that end with the node.
bool belongs_to_node(const std::string& key, const std::string& node) {
  return key.starts_with("blocks/") || key == "nodes/" + node;
}

/// Revisions are decimal numbers. A server that was restored from a backup has an older one than its clients; a watch
/// from theirs would report nothing.
bool is_older(const std::string& revision, const std::string& other) {
  return revision.size() != other.size() ? revision.size() < other.size() : revision < other;
}

cluster::Changes changes_of(LeaseEvent event) {
  cluster::Changes changes{.revision = event.revision};
  if (event.item) {
    const bool is_removed = event.kind == LeaseEvent::Kind::removed;
    changes.changes.push_back({.item = *std::move(event.item), .removed = is_removed});
  }
  return changes;
}

}  // namespace

LeaseStore::LeaseStore(Settings settings) : settings_(std::move(settings)) {}

cluster::Listing LeaseStore::list(const std::string& prefix) {
  cluster::Listing listing;
  std::string next;
  do {
    const auto target = leases_path(settings_.api_namespace) + '?' + selector(prefix) + "&limit=500" +
                        (next.empty() ? "" : "&continue=" + next);
    const auto response = call({.target = target});
    if (response.status != ok) throw_failure(response, "list Leases");
    auto page = read_lease_list(response.body);
    for (auto& item : page.items) {
      if (item.key.starts_with(prefix)) listing.items.push_back(std::move(item));
    }
    listing.revision = page.revision;
    next = page.next;
  } while (!next.empty());
  return listing;
}

std::optional<cluster::Item> LeaseStore::find(const std::string& key) {
  const auto response = call({.target = leases_path(settings_.api_namespace, lease_name(key))});
  if (response.status == not_found) return std::nullopt;
  if (response.status != ok) throw_failure(response, "read the Lease of " + text::quoted(key));
  return read_lease(response.body);
}

std::optional<cluster::Occupied> LeaseStore::create(const std::string& key, const std::string& value) {
  const WrittenLease lease{
      .item = {.key = key, .value = value}, .api_namespace = settings_.api_namespace, .owner = owner_of(key)};
  const auto response =
      call({.method = "POST", .target = leases_path(settings_.api_namespace), .body = to_json(lease)});
  if (response.status == created) return std::nullopt;
  if (response.status != conflict) throw_failure(response, "create the Lease of " + text::quoted(key));
  cluster::Occupied occupied{.item = {.key = key}};
  if (auto item = find(key)) occupied.item = *std::move(item);
  // Values name their owner, so this one was created by an earlier attempt whose answer was lost.
  return occupied.item.value == value ? std::nullopt : std::optional{std::move(occupied)};
}

bool LeaseStore::replace(const cluster::Item& item) {
  const WrittenLease lease{.item = item, .api_namespace = settings_.api_namespace, .owner = owner_of(item.key)};
  const auto response = call(
      {.method = "PUT", .target = leases_path(settings_.api_namespace, lease_name(item.key)), .body = to_json(lease)});
  if (response.status == conflict || response.status == not_found) return false;
  if (response.status != ok) throw_failure(response, "replace the Lease of " + text::quoted(item.key));
  return true;
}

bool LeaseStore::remove(const cluster::Item& item) {
  const auto response = call({.method = "DELETE",
                              .target = leases_path(settings_.api_namespace, lease_name(item.key)),
                              .body = delete_options(item.revision)});
  if (response.status == conflict || response.status == not_found) return false;
  if (response.status != ok) throw_failure(response, "remove the Lease of " + text::quoted(item.key));
  return true;
}

bool LeaseStore::watch(const std::string& prefix, const std::string& revision,
                       const std::function<bool(const cluster::Changes&)>& changed) {
  auto last = revision;
  bool is_wanted = true;
  while (is_wanted) {
    if (!watch_once(prefix, last, changed, is_wanted)) return false;
  }
  return true;
}

/// Of the server now.
std::string LeaseStore::current_revision() {
  const auto response = call({.target = leases_path(settings_.api_namespace) + "?limit=1"});
  if (response.status != ok) throw_failure(response, "list Leases");
  return read_lease_list(response.body).revision;
}

/// Until the server ends the watch. False if it has forgotten what followed the revision.
bool LeaseStore::watch_once(const std::string& prefix, std::string& revision,
                            const std::function<bool(const cluster::Changes&)>& changed, bool& is_wanted) {
  if (is_older(current_revision(), revision)) return false;
  renew_client();
  const auto target = leases_path(settings_.api_namespace) + '?' + selector(prefix) +
                      "&watch=1&allowWatchBookmarks=true&resourceVersion=" + revision +
                      "&timeoutSeconds=" + std::to_string(settings_.watch_time.count());
  auto connection = client_->connect();
  const auto deadline = http::deadline_in(settings_.timeout);
  const auto status = connection.begin_stream(with_token({.target = target}), deadline);
  if (status == gone_status) return false;
  if (status != ok) throw_failure({.status = status, .body = connection.read_rest(deadline)}, "watch Leases");
  for (int silent = 0; is_wanted;) {
    try {
      const auto line = connection.next_line(http::deadline_in(settings_.heartbeat));
      if (!line) return true;
      auto event = read_lease_event(*line);
      if (event.kind == LeaseEvent::Kind::expired) return false;
      if (event.kind == LeaseEvent::Kind::failed) {
        throw cni::Error{cni::ErrorCode::try_again_later, "the API server has ended the watch: " + event.reason};
      }
      silent = 0;
      revision = event.revision;
      is_wanted = changed(changes_of(std::move(event)));
    } catch (const http::TimedOut&) {
      if (++silent == silent_heartbeats) throw;
      is_wanted = changed({.revision = revision});
    }
  }
  return true;
}

NodeObject LeaseStore::read_node() {
  const auto response = call({.target = "/api/v1/nodes/" + settings_.node});
  if (response.status != ok) throw_failure(response, "read the Node " + text::quoted(settings_.node));
  return read_node_object(response.body);
}

/// A Node object that was deleted and registered again has another UID, and Leases with the old one are removed. Its
/// own entry is then the first that is created again.
std::optional<NodeReference> LeaseStore::owner_of(const std::string& key) {
  if (settings_.node.empty() || !belongs_to_node(key, settings_.node)) return std::nullopt;
  const bool is_node = !key.starts_with("blocks/");
  if (is_node || !node_) node_ = read_node().reference;
  return node_;
}

http::Response LeaseStore::call(http::Request request) {
  renew_client();
  http::Response response;
  const auto is_answer = [](unsigned status) { return status != too_many_requests && status < server_error; };
  client_->call(with_token(std::move(request)), [&](const http::Response& received) {
    if (!is_answer(received.status)) throw_failure(received, "answer");
    response = received;
  });
  if (response.status != unauthorized) return response;
  client_.reset();  // with a token that was replaced meanwhile, the next call succeeds
  throw_failure(response, "accept the token or the certificate of this node");
}

http::Request LeaseStore::with_token(http::Request request) const {
  if (!credentials_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + credentials_.token);
  return request;
}

/// Reads token and certificates again after a minute.
void LeaseStore::renew_client() {
  const auto now = std::chrono::steady_clock::now();
  if (client_ && now - renewed_at_ < time_of_credentials) return;
  auto read = settings_.credentials();
  renewed_at_ = now;
  if (client_ && read == credentials_) return;
  credentials_ = std::move(read);
  client_.emplace(http::Servers{.endpoints = {credentials_.server},
                                .tls = [tls = credentials_.tls] { return tls; },
                                .timeout = settings_.timeout});
}

}  // namespace kubernetes
