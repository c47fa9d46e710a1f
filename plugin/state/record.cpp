#include "plugin/state/record.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"

#include <endian.h>

#include <bit>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace state {
namespace {

// A record with another format is unreadable. Later versions of the plugin have to read this format: pods outlive an
// upgrade.
constexpr std::uint64_t format = 1;

std::string required_string(cni::JsonObject& object, std::string_view key) {
  const auto value = object.find(key);
  if (!value) throw cni::Error{cni::ErrorCode::decoding_failure, "no " + std::string{key}};
  return value->as_string();
}

std::vector<cni::IpAddress> addresses_of(cni::JsonObject& object) {
  std::vector<cni::IpAddress> addresses;
  const auto value = object.find("addresses");
  if (!value) return addresses;
  for (const auto& element : value->as_array()) addresses.push_back(element.as_address());
  return addresses;
}

std::uint32_t index_of(cni::JsonObject& object, std::string_view key) {
  const auto value = object.find(key);
  if (!value) throw cni::Error{cni::ErrorCode::decoding_failure, "no " + std::string{key}};
  return static_cast<std::uint32_t>(value->as_unsigned(0, std::numeric_limits<std::uint32_t>::max()));
}

EndIndexes ends_of(cni::JsonObject& object) {
  const auto value = object.find("ends");
  if (!value) return {};
  cni::JsonObject ends = value->as_object();
  return {.host = index_of(ends, "host"), .container = index_of(ends, "container")};
}

std::optional<HostInterface> host_interface_of(cni::JsonObject& object) {
  const auto value = object.find("hostInterface");
  if (!value) return std::nullopt;
  cni::JsonObject interface = value->as_object();
  return HostInterface{.name = required_string(interface, "name"), .index = index_of(interface, "index")};
}

void write_addresses(cni::JsonWriter& json, const std::vector<cni::IpAddress>& addresses) {
  json.key("addresses");
  json.begin_array();
  for (const auto& address : addresses) json.string(cni::to_string(address));
  json.end_array();
}

void write_host_interface(cni::JsonWriter& json, const HostInterface& interface) {
  json.key("hostInterface");
  json.begin_object();
  json.member("name", interface.name);
  json.member("index", interface.index);
  json.end_object();
}

constexpr std::string_view before_sum = R"({"sum":")";
constexpr std::size_t sum_characters = 13;
constexpr std::size_t end_of_sum = before_sum.size() + sum_characters;

// The ends follow the sum and have a fixed width, so that they can be changed in a written record.
constexpr std::string_view before_ends = R"(","ends":)";
constexpr std::size_t begin_of_ends = end_of_sum + before_ends.size();
constexpr std::size_t index_characters = 10;

std::string padded(std::uint32_t index) {
  auto text = std::to_string(index);
  text.resize(index_characters, ' ');
  return text;
}

std::string ends_text(const EndIndexes& ends) {
  return R"({"host":)" + padded(ends.host) + R"(,"container":)" + padded(ends.container) + "}";
}

/// The same number on processors of either byte order.
std::uint64_t word_at(const char* position) {
  std::uint64_t word = 0;
  std::memcpy(&word, position, sizeof word);
  return le64toh(word);
}

/// Hashes eight bytes at a time; the last eight bytes may overlap with those before. Each step is a bijection, so a
/// change within eight bytes always changes the sum, and another change almost always.
std::string sum_of(std::string_view text) {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
  constexpr int half_a_word = 32;
  constexpr std::size_t step = sizeof(std::uint64_t);
  if (text.size() < step) return "";
  std::uint64_t sum = text.size();
  const char* const last = text.data() + text.size() - step;
  for (const char* position = text.data(); position < last; position += step) {
    sum = std::rotl((sum ^ word_at(position)) * odd, half_a_word);
  }
  return cni::to_string(cni::Tag{(sum ^ word_at(last)) * odd});
}

/// A damaged record may still be valid JSON, with another address or port.
bool is_damaged(std::string_view text) {
  if (!text.starts_with(before_sum)) return true;
  text.remove_prefix(before_sum.size());
  const auto sum = text.substr(0, sum_characters);
  text.remove_prefix(sum.size());
  return sum != sum_of(text);
}

struct Parts {
  std::string record;
  std::string wiring;
};

/// Splits off the wiring, which is most of the text and rarely needed, so that it is not parsed. It is the last member.
/// Its key with the comma before it cannot occur in a string, where quotes are escaped.
Parts split(const std::string& text) {
  constexpr std::string_view key = ",\"wiring\":";
  const auto begin = text.find(key);
  const auto end = text.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {text, ""};
  auto record = text.substr(end_of_sum + 1, begin - end_of_sum - 1) + '}';
  record.front() = '{';
  return {std::move(record), text.substr(begin + key.size(), end - begin - key.size())};
}

Record parse(const std::string& text) {
  const auto parts = split(text);
  const cni::JsonDocument document{parts.record, "a record"};
  cni::JsonObject object = document.root().as_object();
  const auto written_format = object.find("format");
  if (!written_format) throw cni::Error{cni::ErrorCode::decoding_failure, "no format"};
  written_format->as_unsigned(format, format);
  return {.attachment = {.network = required_string(object, "network"),
                         .container = required_string(object, "container"),
                         .interface = required_string(object, "interface")},
          .netns = object.string_or("netns", ""),
          .pod = object.string_or("pod", ""),
          .addresses = addresses_of(object),
          .host_interface = host_interface_of(object),
          .ends = ends_of(object),
          .wiring = parts.wiring};
}

}  // namespace

void set_sum(std::string& text) {
  text.replace(before_sum.size(), sum_characters, sum_of(std::string_view{text}.substr(end_of_sum)));
}

std::string to_text(const Record& record) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("sum", std::string(sum_characters, '-'));
  json.key("ends");
  json.json(ends_text(record.ends));
  json.member("format", format);
  json.member("network", record.attachment.network);
  json.member("container", record.attachment.container);
  json.member("interface", record.attachment.interface);
  json.member("netns", record.netns);
  if (!record.pod.empty()) json.member("pod", record.pod);
  write_addresses(json, record.addresses);
  if (record.host_interface) write_host_interface(json, *record.host_interface);
  if (!record.wiring.empty()) {
    json.key("wiring");
    json.json(record.wiring);
  }
  json.end_object();
  auto text = json.finished();
  set_sum(text);
  return text;
}

std::string_view set_ends(std::string& text, const EndIndexes& ends) {
  const auto written = ends_text(ends);
  text.replace(begin_of_ends, written.size(), written);
  set_sum(text);
  return std::string_view{text}.substr(0, begin_of_ends + written.size());
}

std::optional<Record> find_record(const std::string& text) {
  try {
    if (is_damaged(text)) return std::nullopt;
    return parse(text);
  } catch (const cni::Error&) {
    return std::nullopt;
  }
}

}  // namespace state
