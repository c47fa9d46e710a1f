#include "plugin/etcd/replies.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_member.hpp"
#include "plugin/text/base64.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <utility>

namespace etcd {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void throw_unexpected(std::string_view text) {
  throw cni::Error{cni::ErrorCode::decoding_failure, "etcd sent an unexpected answer", text::quoted(text)};
}

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string to_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string string_in(const Json& value, const char* name) {
  const auto* member = cni::find_member(value, name);
  if (member == nullptr) return {};
  if (!member->is_string()) throw_unexpected(to_text(value));
  return member->get<std::string>();
}

bool bool_in(const Json& value, const char* name) {
  const auto* member = cni::find_member(value, name);
  if (member == nullptr) return false;
  if (!member->is_boolean()) throw_unexpected(to_text(value));
  return member->get<bool>();
}

/// Numbers of 64 bits are strings of digits.
std::int64_t number_in(const Json& value, const char* name) {
  const auto text = string_in(value, name);
  if (text.empty()) return 0;
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number < 0) throw_unexpected(to_text(value));
  return number;
}

std::string bytes_in(const Json& value, const char* name) {
  auto bytes = text::find_base64(string_in(value, name));
  if (!bytes) throw_unexpected(to_text(value));
  return *std::move(bytes);
}

/// The elements of an array; none if it is missing.
const Json::array_t& elements_in(const Json& value, const char* name) {
  static const Json::array_t none;
  const auto* member = cni::find_member(value, name);
  if (member == nullptr) return none;
  if (!member->is_array()) throw_unexpected(to_text(value));
  return member->get_ref<const Json::array_t&>();
}

std::int64_t revision_in(const Json& value) {
  const auto* header = cni::find_member(value, "header");
  const auto revision = header == nullptr ? 0 : number_in(*header, "revision");
  if (revision == 0) throw_unexpected(to_text(value));
  return revision;
}

cluster::Item read_item(const Json& value) {
  cluster::Item item{.key = bytes_in(value, "key"), .value = bytes_in(value, "value")};
  item.revision = std::to_string(number_in(value, "mod_revision"));
  if (item.key.empty()) throw_unexpected(to_text(value));
  return item;
}

Range range_in(const Json& value) {
  Range range{.has_more = bool_in(value, "more")};
  for (const auto& item : elements_in(value, "kvs")) range.items.push_back(read_item(item));
  return range;
}

cluster::Change read_change(const Json& event) {
  const auto* item = cni::find_member(event, "kv");
  if (item == nullptr) throw_unexpected(to_text(event));
  const auto type = string_in(event, "type");
  if (!type.empty() && type != "PUT" && type != "DELETE") throw_unexpected(to_text(event));
  return {.item = read_item(*item), .removed = type == "DELETE"};
}

/// {"error":{...}}: the gateway or etcd ends the stream.
WatchLine canceled_by(const Json& error) {
  const auto* message = cni::find_member(error, "message");
  const bool is_text = message != nullptr && message->is_string();
  return {.is_canceled = true, .reason = is_text ? message->get<std::string>() : to_text(error)};
}

Json parse_object(std::string_view text) {
  auto value = parse(text);
  if (!value.is_object()) throw_unexpected(text);
  return value;
}

}  // namespace

Range read_range(std::string_view text) {
  const auto value = parse_object(text);
  auto range = range_in(value);
  range.revision = revision_in(value);
  return range;
}

Transaction read_transaction(std::string_view text) {
  const auto value = parse_object(text);
  const auto revision = revision_in(value);
  Transaction transaction{.succeeded = bool_in(value, "succeeded")};
  for (const auto& response : elements_in(value, "responses")) {
    const auto* range = cni::find_member(response, "response_range");
    if (range == nullptr) continue;
    transaction.ranges.push_back(range_in(*range));
    transaction.ranges.back().revision = revision;
  }
  return transaction;
}

WatchLine read_watch_line(std::string_view text) {
  const auto value = parse_object(text);
  if (const auto* error = cni::find_member(value, "error")) return canceled_by(*error);
  const auto* result = cni::find_member(value, "result");
  if (result == nullptr) throw_unexpected(text);
  WatchLine line{.is_created = bool_in(*result, "created"), .is_canceled = bool_in(*result, "canceled")};
  line.compacted_revision = number_in(*result, "compact_revision");
  line.reason = string_in(*result, "cancel_reason");
  line.revision = line.is_canceled ? 0 : revision_in(*result);
  for (const auto& event : elements_in(*result, "events")) line.changes.push_back(read_change(event));
  return line;
}

std::string read_token(std::string_view text) {
  auto token = string_in(parse_object(text), "token");
  if (token.empty()) throw_unexpected("an answer without token");
  return token;
}

Failure read_failure(std::string_view text) {
  const auto value = parse(text);
  Failure failure{.message = text::printable(text)};
  if (const auto* code = cni::find_member(value, "code"); code != nullptr && code->is_number_unsigned()) {
    failure.code = code->get<unsigned>();
  }
  for (const auto* name : {"message", "error"}) {
    const auto* message = cni::find_member(value, name);
    if (message == nullptr || !message->is_string()) continue;
    failure.message = text::printable(message->get<std::string>());
    break;
  }
  return failure;
}

}  // namespace etcd
