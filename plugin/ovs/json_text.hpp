#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace ovs {

/// The value in one line. Invalid UTF-8 is replaced by U+FFFD.
std::string to_text(const nlohmann::ordered_json& value);

}  // namespace ovs
