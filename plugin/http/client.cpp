#include "plugin/http/client.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/text/joined.hpp"

#include <algorithm>
#include <utility>

namespace http {
namespace {

bool may_succeed_elsewhere(const cni::Error& error) {
  return error.code == static_cast<unsigned>(cni::ErrorCode::try_again_later) ||
         error.code == static_cast<unsigned>(cni::ErrorCode::decoding_failure);
}

void add_failure(std::vector<std::string>& failures, const Endpoint& endpoint, const cni::Error& error) {
  const std::string reason = error.what();
  const auto name = to_string(endpoint);
  failures.push_back(reason.find(name) == std::string::npos ? name + ": " + reason : reason);
}

}  // namespace

Client::Client(Servers servers)
    : servers_(std::move(servers)), current_(servers_.first % std::max<std::size_t>(servers_.endpoints.size(), 1)) {
  if (servers_.endpoints.empty()) throw cni::Error{cni::ErrorCode::invalid_config, "the store has no endpoint"};
}

void Client::call(const Request& request, const std::function<void(const Response&)>& read) {
  std::vector<std::string> failures;
  for (std::size_t attempt = 0; attempt < servers_.endpoints.size(); ++attempt) {
    try {
      return read(exchange(request));
    } catch (const cni::Error& error) {
      if (!may_succeed_elsewhere(error)) throw;
      add_failure(failures, endpoint(), error);
      use_next_server();
    }
  }
  throw cni::Error{cni::ErrorCode::try_again_later, "the store does not answer: " + text::joined(failures, "; ")};
}

Response Client::exchange(const Request& request) {
  const auto deadline = deadline_in(timeout_of_attempt());
  const bool is_kept = connection_ && connection_->is_reusable();
  if (!is_kept) connection_.emplace(endpoint(), servers_.tls(), deadline);
  try {
    return connection_->exchange(request, deadline);
  } catch (const cni::Error&) {
    const bool is_late = Deadline::clock::now() >= deadline;
    if (!is_kept || is_late) throw;
  }
  // The server has closed the connection since the last call.
  connection_.emplace(endpoint(), servers_.tls(), deadline);
  return connection_->exchange(request, deadline);
}

Connection Client::connect() const { return {endpoint(), servers_.tls(), deadline_in(timeout_of_attempt())}; }

void Client::use_next_server() {
  connection_.reset();
  current_ = (current_ + 1) % servers_.endpoints.size();
}

std::chrono::milliseconds Client::timeout_of_attempt() const {
  constexpr std::chrono::milliseconds shortest{1000};
  return std::max(shortest, servers_.timeout / static_cast<int>(servers_.endpoints.size()));
}

}  // namespace http
