#pragma once

#include <nlohmann/json_fwd.hpp>

namespace cni {

/// The member of an object that another program sent; null if there is none, or if the value is no object.
const nlohmann::ordered_json* find_member(const nlohmann::ordered_json& value, const char* name);

}  // namespace cni
