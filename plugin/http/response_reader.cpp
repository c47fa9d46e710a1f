#include "plugin/cni/error.hpp"
#include "plugin/http/connection.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <limits>

namespace http {
namespace {

namespace beast = boost::beast;

[[noreturn]] void fail(const std::string& reason) {
  throw cni::Error{cni::ErrorCode::decoding_failure, "the server sent something else than HTTP: " + reason};
}

}  // namespace

class ResponseReader::Parser : public beast::http::response_parser<beast::http::string_body> {};

ResponseReader::ResponseReader() : parser_(std::make_unique<Parser>()) {
  constexpr std::uint32_t largest_header = 65536;
  parser_->eager(true);
  parser_->header_limit(largest_header);
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // Connection limits what it keeps
}

ResponseReader::ResponseReader(ResponseReader&&) noexcept = default;
ResponseReader& ResponseReader::operator=(ResponseReader&&) noexcept = default;
ResponseReader::~ResponseReader() = default;

void ResponseReader::read(std::string& buffer) {
  while (!buffer.empty() && !parser_->is_done()) {
    beast::error_code error;
    const auto count = parser_->put(boost::asio::buffer(buffer), error);
    buffer.erase(0, count);
    if (error == beast::http::error::need_more) return;
    if (error) fail(error.message());
    if (count == 0) return;
  }
}

void ResponseReader::end() {
  beast::error_code error;
  if (parser_->got_some()) parser_->put_eof(error);
  if (parser_->is_done()) return;
  throw cni::Error{cni::ErrorCode::try_again_later, "the server has closed the connection in the middle of its answer"};
}

bool ResponseReader::has_header() const { return parser_->is_header_done(); }
bool ResponseReader::is_complete() const { return parser_->is_done(); }
bool ResponseReader::keeps_connection() const { return parser_->keep_alive(); }
unsigned ResponseReader::status() const { return parser_->get().result_int(); }

std::string ResponseReader::take_body() {
  std::string body;
  body.swap(parser_->get().body());
  return body;
}

}  // namespace http
