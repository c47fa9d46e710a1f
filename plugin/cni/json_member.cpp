#include "plugin/cni/json_member.hpp"

#include <nlohmann/json.hpp>

namespace cni {

const nlohmann::ordered_json* find_member(const nlohmann::ordered_json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto member = value.find(name);
  return member == value.end() ? nullptr : &*member;
}

}  // namespace cni
