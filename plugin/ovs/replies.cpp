#include "plugin/ovs/replies.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_member.hpp"
#include "plugin/ovs/json_text.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace ovs {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void throw_unexpected(std::string_view text) {
  throw cni::Error{cni::ErrorCode::decoding_failure, "the database of Open vSwitch sent an unexpected message",
                   text::quoted(text)};
}

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string string_in(const Json& value, const char* name) {
  const auto* member = cni::find_member(value, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string{};
}

std::optional<std::int64_t> find_integer(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  const bool is_too_large = value.is_number_unsigned() &&
                            value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  return is_too_large ? std::nullopt : std::optional{value.get<std::int64_t>()};
}

/// The elements of ["KIND", [...]]; null for anything else.
const Json* find_elements(const Json& value, std::string_view kind) {
  if (!value.is_array() || value.size() != 2 || value[0] != kind || !value[1].is_array()) return nullptr;
  return &value[1];
}

/// The integers of a column: a set of one element is the element itself (RFC 7047, section 5.1).
std::vector<std::int64_t> integers_in(const Json& row, const char* column) {
  std::vector<std::int64_t> integers;
  const auto* value = cni::find_member(row, column);
  if (value == nullptr) return integers;
  if (const auto single = find_integer(*value)) return {*single};
  const auto* elements = find_elements(*value, "set");
  if (elements == nullptr) return integers;
  for (const auto& element : *elements) {
    if (const auto integer = find_integer(element)) integers.push_back(*integer);
  }
  return integers;
}

std::int64_t integer_in(const Json& row, const char* column) {
  const auto integers = integers_in(row, column);
  return integers.empty() ? 0 : integers.front();
}

std::vector<std::uint16_t> vlans_in(const Json& row, const char* column) {
  std::vector<std::uint16_t> vlans;
  for (const auto integer : integers_in(row, column)) {
    if (std::in_range<std::uint16_t>(integer)) vlans.push_back(static_cast<std::uint16_t>(integer));
  }
  std::ranges::sort(vlans);
  return vlans;
}

/// The value of a key in a column of maps; empty: none.
std::string value_in(const Json& row, const char* column, std::string_view key) {
  const auto* value = cni::find_member(row, column);
  const auto* pairs = value == nullptr ? nullptr : find_elements(*value, "map");
  if (pairs == nullptr) return {};
  for (const auto& pair : *pairs) {
    if (pair.is_array() && pair.size() == 2 && pair[0] == key && pair[1].is_string()) return pair[1].get<std::string>();
  }
  return {};
}

/// The rows of a select; null if the result at this position is not one.
const Json* find_rows(const Json& results, std::size_t position) {
  if (!results.is_array() || position >= results.size()) return nullptr;
  const auto* rows = cni::find_member(results[position], "rows");
  return rows != nullptr && rows->is_array() ? rows : nullptr;
}

/// The first row of a select; null: there is none.
const Json* find_row(const Json& results, std::size_t position) {
  const auto* rows = find_rows(results, position);
  return rows == nullptr || rows->empty() ? nullptr : &rows->front();
}

/// The nesting of objects and arrays in a JSON text, which is read character by character. Brackets in strings do not
/// count.
struct Nesting {
  std::size_t depth = 0;
  bool is_in_string = false;
  bool is_escaped = false;

  void read(char character) {
    if (is_in_string) return read_in_string(character);
    is_in_string = character == '"';
    if (character == '{' || character == '[') ++depth;
    if (character == '}' || character == ']') --depth;
  }

 private:
  void read_in_string(char character) {
    is_in_string = is_escaped || character != '"';
    is_escaped = !is_escaped && character == '\\';
  }
};

/// "netdev" is the datapath in user space, "system" or "" that of the kernel.
bool is_in_user_space(const Json& bridge) { return string_in(bridge, "datapath_type") == "netdev"; }

std::string uuid_in(const Json& row) {
  const auto* value = cni::find_member(row, "_uuid");
  const bool is_uuid = value != nullptr && value->is_array() && value->size() == 2 && (*value)[1].is_string();
  return is_uuid ? (*value)[1].get<std::string>() : std::string{};
}

std::string error_text(const Json& error) {
  if (error.is_null()) return {};
  return error.is_string() ? error.get<std::string>() : to_text(error);
}

Message read_answer(const Json& message) {
  Message answer{.kind = Message::Kind::answer};
  const auto* id = cni::find_member(message, "id");
  const auto number = id == nullptr ? std::nullopt : find_integer(*id);
  if (!number || !std::in_range<RequestId>(*number)) return {};
  answer.id = static_cast<RequestId>(*number);
  if (const auto* results = cni::find_member(message, "result")) answer.results = to_text(*results);
  if (const auto* error = cni::find_member(message, "error")) answer.error = error_text(*error);
  return answer;
}

StoredPort stored_port_of(const Json& row) {
  const auto id = [&](std::string_view key) { return value_in(row, "external_ids", key); };
  return {.uuid = uuid_in(row),
          .interface = string_in(row, "name"),
          .attachment = {.network = id("network"), .container = id("container"), .interface = id("interface")},
          .node = id("node")};
}

}  // namespace

std::optional<std::size_t> message_length(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (begin == text.size()) return std::nullopt;
  if (text[begin] != '{') throw_unexpected(text);
  Nesting nesting;
  for (auto position = begin; position < text.size(); ++position) {
    nesting.read(text[position]);
    if (nesting.depth == 0) return position + 1;
  }
  return std::nullopt;
}

Message read_message(std::string_view text) {
  const auto json = parse(text);
  if (!json.is_object()) throw_unexpected(text);
  const auto* method = cni::find_member(json, "method");
  if (method == nullptr) return read_answer(json);
  const auto* id = cni::find_member(json, "id");
  const auto* parameters = cni::find_member(json, "params");
  if (*method != "echo" || id == nullptr || parameters == nullptr) return {};
  return {.kind = Message::Kind::echo, .echo_id = to_text(*id), .parameters = to_text(*parameters)};
}

/// Operations after the failed one have the result null; an error of the commit is an additional result: RFC 7047,
/// section 4.1.3.
std::optional<Refusal> find_refusal(const std::string& results) {
  const auto json = parse(results);
  if (!json.is_array()) return Refusal{.error = "unexpected result", .details = text::printable(results)};
  for (std::size_t position = 0; position < json.size(); ++position) {
    if (cni::find_member(json[position], "error") == nullptr) continue;
    return Refusal{.error = string_in(json[position], "error"),
                   .details = string_in(json[position], "details"),
                   .operation = position};
  }
  return std::nullopt;
}

std::optional<InterfaceState> read_interface_state(const std::string& results) {
  const auto json = parse(results);
  const auto* row = find_row(json, 1);
  if (row == nullptr) return std::nullopt;
  return InterfaceState{.ofport = integer_in(*row, "ofport"), .error = string_in(*row, "error")};
}

std::optional<bool> read_added(const std::string& results) {
  constexpr std::size_t position = 4;
  const auto json = parse(results);
  const auto* row = find_row(json, position);
  return row == nullptr ? std::nullopt : std::optional{is_in_user_space(*row)};
}

std::optional<Removed> read_removed(const std::string& results) {
  const auto json = parse(results);
  if (!json.is_array()) return std::nullopt;
  Removed removed;
  for (std::size_t position = 0; position < json.size(); position += 2) {
    const auto* row = find_row(json, position);
    if (row == nullptr) continue;
    ++removed.count;
    removed.is_in_user_space = removed.is_in_user_space || is_in_user_space(*row);
  }
  return removed;
}

std::optional<std::int64_t> read_configuration_number(const std::string& results) {
  const auto json = parse(results);
  const auto* row = find_row(json, 1);
  return row == nullptr ? std::nullopt : std::optional{integer_in(*row, "next_cfg")};
}

std::optional<bool> read_bridge_exists(const std::string& results) {
  const auto json = parse(results);
  const auto* rows = find_rows(json, 0);
  return rows == nullptr ? std::nullopt : std::optional{!rows->empty()};
}

std::optional<wiring::ObservedOvsPort> read_port(const std::string& results) {
  const auto json = parse(results);
  if (find_rows(json, 0) == nullptr) throw_unexpected(results);
  const auto* port = find_row(json, 0);
  if (port == nullptr) return std::nullopt;
  const auto tags = vlans_in(*port, "tag");
  wiring::ObservedOvsPort observed{.tag = tags.empty() ? std::uint16_t{0} : tags.front(),
                                   .trunks = vlans_in(*port, "trunks"),
                                   .vlan_mode = string_in(*port, "vlan_mode")};
  if (const auto* interface = find_row(json, 1)) {
    observed.ofport = integer_in(*interface, "ofport");
    observed.error = string_in(*interface, "error");
    observed.iface_id = value_in(*interface, "external_ids", "iface-id");
    observed.policing_rate = static_cast<std::uint32_t>(integer_in(*interface, "ingress_policing_rate"));
    observed.policing_burst = static_cast<std::uint32_t>(integer_in(*interface, "ingress_policing_burst"));
  }
  if (const auto* bridge = find_row(json, 2)) {
    observed.bridge = string_in(*bridge, "name");
    observed.is_in_user_space = is_in_user_space(*bridge);
  }
  return observed;
}

std::vector<StoredPort> read_ports(const std::string& results) {
  std::vector<StoredPort> ports;
  const auto json = parse(results);
  const auto* rows = find_rows(json, 0);
  if (rows == nullptr) return ports;
  for (const auto& row : *rows) {
    auto port = stored_port_of(row);
    if (!port.uuid.empty()) ports.push_back(std::move(port));
  }
  return ports;
}

}  // namespace ovs
