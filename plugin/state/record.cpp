#include "plugin/state/record.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <utility>

namespace state {
namespace {

// A record of another format is one that cannot be read. The next version of this plugin has to read this one (its pods
// live on).
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

std::optional<HostInterface> host_interface_of(cni::JsonObject& object) {
  const auto value = object.find("hostInterface");
  if (!value) return std::nullopt;
  cni::JsonObject interface = value->as_object();
  const auto index = interface.find("index");
  if (!index) throw cni::Error{cni::ErrorCode::decoding_failure, "no index"};
  return HostInterface{
      .name = required_string(interface, "name"),
      .index = static_cast<std::uint32_t>(index->as_unsigned(0, std::numeric_limits<std::uint32_t>::max()))};
}

Record parse(const std::string& text) {
  const cni::JsonDocument document{text, "a record"};
  cni::JsonObject object = document.root().as_object();
  const auto written_format = object.find("format");
  if (!written_format) throw cni::Error{cni::ErrorCode::decoding_failure, "no format"};
  written_format->as_unsigned(format, format);
  return {.attachment = {.network = required_string(object, "network"),
                         .container = required_string(object, "container"),
                         .interface = required_string(object, "interface")},
          .netns = object.string_or("netns", ""),
          .addresses = addresses_of(object),
          .host_interface = host_interface_of(object),
          .wiring = object.string_or("wiring", "")};
}

}  // namespace

std::string to_text(const Record& record) {
  auto addresses = nlohmann::ordered_json::array();
  for (const auto& address : record.addresses) addresses.push_back(cni::to_string(address));
  nlohmann::ordered_json json{{"format", format},
                              {"network", record.attachment.network},
                              {"container", record.attachment.container},
                              {"interface", record.attachment.interface},
                              {"netns", record.netns},
                              {"addresses", std::move(addresses)}};
  if (record.host_interface) {
    json["hostInterface"] = {{"name", record.host_interface->name}, {"index", record.host_interface->index}};
  }
  if (!record.wiring.empty()) json["wiring"] = record.wiring;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<Record> find_record(const std::string& text) {
  try {
    return parse(text);
  } catch (const cni::Error&) {
    return std::nullopt;
  }
}

}  // namespace state
