#include "plugin/ovs/json_text.hpp"

#include <nlohmann/json.hpp>

namespace ovs {

std::string to_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ovs
