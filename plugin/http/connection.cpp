#include "plugin/http/connection.hpp"

#include "plugin/cni/error.hpp"

namespace http {
namespace {

/// A list is read in pages, so more than this is not an answer.
constexpr std::size_t largest_body = std::size_t{64} << 20U;

}  // namespace

std::string to_text(const Request& request, const Endpoint& endpoint) {
  auto text = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: " + host_of(endpoint) +
              "\r\nUser-Agent: veth-node/" VETH_VERSION "\r\nAccept: application/json\r\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!request.body.empty()) {
    text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

Response Connection::exchange(const Request& request, Deadline deadline) {
  const auto status = begin_stream(request, deadline);
  return {.status = status, .body = read_rest(deadline)};
}

unsigned Connection::begin_stream(const Request& request, Deadline deadline) {
  is_reusable_ = false;  // until the response is complete
  send(request, deadline);
  read_header(deadline);
  return reader_.status();
}

void Connection::send(const Request& request, Deadline deadline) {
  reader_ = {};
  lines_.clear();
  received_.clear();
  transport_.write(to_text(request, transport_.endpoint()), deadline);
}

void Connection::read_header(Deadline deadline) {
  while (!reader_.has_header()) read_more(deadline);
}

void Connection::read_more(Deadline deadline) {
  if (!transport_.read(received_, deadline)) {
    reader_.end();
    return;
  }
  reader_.read(received_);
  lines_ += reader_.take_body();
  if (lines_.size() > largest_body) {
    throw cni::Error{cni::ErrorCode::decoding_failure,
                     "the answer of " + to_string(transport_.endpoint()) + " is longer than 64 MiB"};
  }
}

std::optional<std::string> Connection::next_line(Deadline deadline) {
  auto end = lines_.find('\n');
  while (end == std::string::npos) {
    if (reader_.is_complete()) return std::nullopt;
    read_more(deadline);
    end = lines_.find('\n');
  }
  auto line = lines_.substr(0, end);
  lines_.erase(0, end + 1);
  return line;
}

std::string Connection::read_rest(Deadline deadline) {
  while (!reader_.is_complete()) read_more(deadline);
  is_reusable_ = reader_.keeps_connection();
  return std::move(lines_);
}

}  // namespace http
