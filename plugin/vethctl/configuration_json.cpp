#include "plugin/vethctl/configuration_json.hpp"

#include "plugin/cni/key_spelling.hpp"

#include <nlohmann/json.hpp>

namespace vethctl {

using nlohmann::ordered_json;

const ordered_json* find_member(const ordered_json& object, std::string_view key) {
  for (const auto& [name, member] : object.items()) {
    if (cni::is_same_key(name, key)) return &member;
  }
  return nullptr;
}

std::string string_at(const ordered_json& object, std::string_view key) {
  const auto* member = find_member(object, key);
  return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

std::string ipam_type_of(const ordered_json& plugin) {
  const auto* ipam = find_member(plugin, "ipam");
  return ipam != nullptr && ipam->is_object() ? string_at(*ipam, "type") : "";
}

}  // namespace vethctl
