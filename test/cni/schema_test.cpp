// The JSON Schema and the code that reads a configuration know the same keys of the same objects, whichever of the two
// was changed last.
#include "plugin/cni/network_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace cni {
namespace {

using nlohmann::json;

json read_json(const std::string& path) { return json::parse(std::ifstream{std::string{VETH_TEST_FOLDER} + path}); }

/// Keys by the place of their object, with '*' for each index of an array.
struct Shape {
  KeysByPlace keys;
  std::set<std::string> open;  ///< objects whose keys are names of something: of settings, of capabilities
};

std::string pointer_of(const std::string& key) {
  std::string part = key;
  for (auto slash = part.find('/'); slash != std::string::npos; slash = part.find('/', slash + 2)) {
    part.replace(slash, 1, "~1");
  }
  return '/' + part;
}

/// What "$ref", "then" and "items" lead to; conditions repeat keys that stand elsewhere.
void walk(const json& schema, const json& node, const std::string& place, Shape& shape) {
  if (node.contains("$ref"))
    walk(schema, schema.at(json::json_pointer{node["$ref"].get<std::string>().substr(1)}), place, shape);
  if (node.contains("then")) walk(schema, node["then"], place, shape);
  if (node.contains("items")) walk(schema, node["items"], place + "/*", shape);
  if (node.value("additionalProperties", json{}).is_object()) shape.open.insert(place);
  if (!node.contains("properties")) return;
  for (const auto& [key, member] : node["properties"].items()) {
    shape.keys[place].insert(key);
    walk(schema, member, place + pointer_of(key), shape);
  }
}

Shape shape_of_schema() {
  const auto schema = read_json("/../conf/veth-cni.schema.json");
  Shape shape;
  walk(schema, schema.at("$defs").at("plugin"), "", shape);
  shape.keys[""].erase("$schema");  // for editors
  return shape;
}

std::string without_indices(const std::string& pointer) {
  std::string place;
  for (std::size_t begin = 0; begin < pointer.size();) {
    const auto end = std::min(pointer.find('/', begin + 1), pointer.size());
    const auto part = pointer.substr(begin, end - begin);
    place += part.find_first_not_of("0123456789", 1) == std::string::npos ? "/*" : part;
    begin = end;
  }
  return place;
}

/// GC alone reads the list of valid attachments.
KeysByPlace keys_of_parser() {
  KeysByPlace keys;
  const auto table = read_json("/cni/configurations.json");
  for (auto good : table.at("good")) {
    auto& configuration = good.at("configuration");
    if (configuration.contains("plugins")) continue;
    configuration["cniVersion"] = "1.1.0";
    for (const Verb verb : {Verb::version, Verb::gc}) {
      JsonDocument document(configuration.dump(), "the network configuration");
      document.note_known_keys();
      EXPECT_NO_THROW(parse_network_config(document, verb, {})) << good;
      for (const auto& [pointer, names] : document.known_keys()) {
        keys[without_indices(pointer)].insert(names.begin(), names.end());
      }
    }
  }
  return keys;
}

/// A result is described by the specification.
bool is_described_elsewhere(const std::string& place) { return place.starts_with("/prevResult"); }

std::set<std::string> difference(const std::set<std::string>& left, const std::set<std::string>& right) {
  std::set<std::string> rest;
  std::ranges::set_difference(left, right, std::inserter(rest, rest.end()));
  return rest;
}

const std::set<std::string> none;

TEST(Schema, KnowsEveryKeyThatIsRead) {
  auto schema = shape_of_schema();
  const auto parser = keys_of_parser();
  ASSERT_GT(parser.size(), 15U);
  for (const auto& [place, keys] : parser) {
    if (schema.open.contains(place) || is_described_elsewhere(place)) continue;
    EXPECT_EQ(difference(keys, schema.keys[place]), none) << "keys of \"" << place << "\" that the schema lacks";
  }
}

TEST(Schema, KnowsNoKeyThatIsNotRead) {
  const auto schema = shape_of_schema();
  auto parser = keys_of_parser();
  for (const auto& [place, keys] : schema.keys) {
    EXPECT_EQ(difference(keys, parser[place]), none) << "keys of \"" << place << "\" that nothing reads";
  }
}

}  // namespace
}  // namespace cni
