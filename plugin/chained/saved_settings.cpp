#include "plugin/chained/saved_settings.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/parse_mode.hpp"

#include <limits>
#include <utility>

namespace chained {
namespace {

void write_sysctls(cni::JsonWriter& json, const std::vector<wiring::Sysctl>& sysctls) {
  if (sysctls.empty()) return;
  json.key("sysctl");
  json.begin_object();
  for (const auto& [path, value] : sysctls) json.member(path, value);
  json.end_object();
}

std::optional<std::uint32_t> find_number(cni::JsonObject& object, const char* key) {
  const auto value = object.find(key);
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(value->as_unsigned(0, std::numeric_limits<std::int32_t>::max()));
}

std::optional<bool> find_flag(cni::JsonObject& object, const char* key) {
  const auto value = object.find(key);
  return value ? std::optional{value->as_bool()} : std::nullopt;
}

std::vector<wiring::Sysctl> read_sysctls(cni::JsonObject& object) {
  std::vector<wiring::Sysctl> sysctls;
  auto members = object.find_object("sysctl");
  if (!members) return sysctls;
  for (const auto& path : members->unread_members()) sysctls.push_back({path, members->string_or(path, "")});
  return sysctls;
}

SavedSettings read(cni::JsonObject& object) {
  constexpr auto lenient = cni::ParseMode::lenient;
  SavedSettings settings;
  auto& interface = settings.interface;
  cni::read_part(lenient, interface.mac, [&] { return cni::find_mac(object.string_or("mac", "")); });
  cni::read_part(lenient, interface.promiscuous, [&] { return find_flag(object, "promisc"); });
  cni::read_part(lenient, interface.mtu, [&] { return find_number(object, "mtu"); });
  cni::read_part(lenient, interface.all_multicast, [&] { return find_flag(object, "allmulti"); });
  cni::read_part(lenient, interface.tx_queue_length, [&] { return find_number(object, "txQLen"); });
  cni::read_part(lenient, settings.sysctls, [&] { return read_sysctls(object); });
  return settings;
}

}  // namespace

std::string to_json(const SavedSettings& settings) {
  const auto write_flag = [](cni::JsonWriter& json, const char* key, bool value) {
    json.key(key);
    json.boolean(value);
  };
  const auto& [mac, promiscuous, mtu, all_multicast, tx_queue_length] = settings.interface;
  cni::JsonWriter json{1};
  json.begin_object();
  if (mac) json.member("mac", cni::to_string(*mac));
  if (promiscuous) write_flag(json, "promisc", *promiscuous);
  if (mtu) json.member("mtu", *mtu);
  if (all_multicast) write_flag(json, "allmulti", *all_multicast);
  if (tx_queue_length) json.member("txQLen", *tx_queue_length);
  write_sysctls(json, settings.sysctls);
  json.end_object();
  return json.finished();
}

std::optional<SavedSettings> find_saved_settings(const std::string& text) {
  try {
    const cni::JsonDocument document{text, "saved settings"};
    auto object = document.root().as_object();
    return read(object);
  } catch (const cni::Error&) {
    return std::nullopt;
  }
}

std::string path_of_saved_settings(const std::string& data_dir, const cni::Attachment& attachment) {
  return data_dir + '/' + attachment.container + '_' + attachment.interface + ".json";
}

}  // namespace chained
