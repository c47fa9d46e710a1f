#include "plugin/vethctl/json_object.hpp"

#include "plugin/cni/json_writer.hpp"

namespace vethctl {

std::string to_json_object(std::string_view name, std::string_view text) {
  constexpr std::size_t indent = 2;
  cni::JsonWriter json{indent};
  json.begin_object();
  json.member(name, text);
  json.end_object();
  return json.finished();
}

}  // namespace vethctl
