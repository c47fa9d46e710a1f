// The JSON Schema, the manual page veth-cni(5) and the code that parses a configuration must have the same keys.
#include "plugin/cni/network_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace cni {
namespace {

using nlohmann::json;

json read_json(const std::string& path) { return json::parse(std::ifstream{std::string{VETH_TEST_FOLDER} + path}); }

/// The keys of each object, by JSON pointer with '*' for each index of an array.
struct Shape {
  KeysByPointer keys;
  std::set<std::string> open;  ///< objects with arbitrary keys: names of sysctls or capabilities
};

std::string pointer_of(const std::string& key) {
  std::string part = key;
  for (auto slash = part.find('/'); slash != std::string::npos; slash = part.find('/', slash + 2)) {
    part.replace(slash, 1, "~1");
  }
  return '/' + part;
}

/// Follows "$ref", "then" and "items". Conditions are skipped: they repeat keys that are defined elsewhere.
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

/// Only GC reads the list of valid attachments.
KeysByPointer keys_of_parser() {
  KeysByPointer keys;
  const auto table = read_json("/cni/configurations.json");
  for (auto good : table.at("good")) {
    auto& configuration = good.at("configuration");
    if (configuration.contains("plugins")) continue;
    configuration["cniVersion"] = "1.1.0";
    for (const Verb verb : {Verb::version, Verb::gc}) {
      JsonDocument document(configuration.dump(), "the network configuration");
      document.record_known_keys();
      EXPECT_NO_THROW(parse_network_config(document, verb, {})) << good;
      for (const auto& [pointer, names] : document.known_keys()) {
        keys[without_indices(pointer)].insert(names.begin(), names.end());
      }
    }
  }
  return keys;
}

/// The specification describes the keys of a result.
bool is_described_elsewhere(const std::string& place) { return place.starts_with("/prevResult"); }

std::set<std::string> difference(const std::set<std::string>& left, const std::set<std::string>& right) {
  std::set<std::string> rest;
  std::ranges::set_difference(left, right, std::inserter(rest, rest.end()));
  return rest;
}

const std::set<std::string> none;

TEST(Schema, HasEveryKeyThatIsRead) {
  auto schema = shape_of_schema();
  const auto parser = keys_of_parser();
  ASSERT_GT(parser.size(), 15U);
  for (const auto& [place, keys] : parser) {
    if (schema.open.contains(place) || is_described_elsewhere(place)) continue;
    EXPECT_EQ(difference(keys, schema.keys[place]), none) << "keys of \"" << place << "\" that the schema lacks";
  }
}

TEST(Schema, HasNoKeyThatIsNotRead) {
  const auto schema = shape_of_schema();
  auto parser = keys_of_parser();
  for (const auto& [place, keys] : schema.keys) {
    EXPECT_EQ(difference(keys, parser[place]), none) << "keys of \"" << place << "\" that nothing reads";
  }
}

/// Converts "/ipam/ranges/*/*" to the notation of the manual page: "ipam.ranges[][]".
std::string in_words(const std::string& place) {
  std::string words;
  std::istringstream parts{place};
  std::string part;
  std::getline(parts, part, '/');
  while (std::getline(parts, part, '/')) {
    if (part == "*") {
      words += "[]";
      continue;
    }
    for (auto slash = part.find("~1"); slash != std::string::npos; slash = part.find("~1")) part.replace(slash, 2, "/");
    words += (words.empty() ? "" : ".") + part;
  }
  return words;
}

std::string without_escapes(std::string text) {
  for (auto dash = text.find("\\-"); dash != std::string::npos; dash = text.find("\\-")) text.replace(dash, 2, "-");
  return text;
}

std::vector<std::string> divided(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(", ", begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return parts;
}

/// The objects in a heading such as `"dns, ipam.dns"`. A heading that begins with "Top level" means the configuration
/// itself.
std::vector<std::string> objects_of(std::string heading) {
  std::erase(heading, '"');
  if (heading.starts_with("Top level")) return {""};
  return divided(heading);
}

/// The keys in a line such as `.BR rangeStart ", " rangeEnd`.
std::vector<std::string> keys_of(std::string line) {
  line.erase(0, line.find(' ') + 1);
  for (auto comma = line.find(" \", \" "); comma != std::string::npos; comma = line.find(" \", \" ")) {
    line.replace(comma, 6, ", ");
  }
  return divided(line);
}

std::set<std::string> as_set(const std::vector<std::string>& keys) { return {keys.begin(), keys.end()}; }

/// Reads the section KEYS: .SS begins an object, and the line after .TP contains keys of the object.
KeysByPointer keys_of_manual_page() {
  std::ifstream page{std::string{VETH_TEST_FOLDER} + "/../conf/veth-cni.5"};
  KeysByPointer keys;
  std::vector<std::string> objects;
  bool is_inside = false;
  bool is_item = false;
  for (std::string line; std::getline(page, line);) {
    line = without_escapes(line);
    if (line.starts_with(".SH ")) is_inside = line == ".SH KEYS";
    if (is_inside && line.starts_with(".SS ")) objects = objects_of(line.substr(4));
    if (is_inside && is_item) {
      for (const auto& object : objects) keys[object].merge(as_set(keys_of(line)));
    }
    is_item = line == ".TP";
  }
  return keys;
}

/// The keys that the manual page must describe: all keys that are read, except those of results and of objects with
/// arbitrary keys.
KeysByPointer keys_to_describe() {
  const auto open = shape_of_schema().open;
  KeysByPointer keys;
  for (const auto& [place, names] : keys_of_parser()) {
    if (!open.contains(place) && !is_described_elsewhere(place)) keys[in_words(place)] = names;
  }
  return keys;
}

TEST(ManualPage, DescribesEveryKeyThatIsRead) {
  auto page = keys_of_manual_page();
  for (const auto& [object, keys] : keys_to_describe()) {
    EXPECT_EQ(difference(keys, page[object]), none) << "keys of \"" << object << "\" that the manual page lacks";
  }
}

TEST(ManualPage, DescribesNoKeyThatIsNotRead) {
  const auto page = keys_of_manual_page();
  ASSERT_GT(page.size(), 15U);
  auto read = keys_to_describe();
  for (const auto& [object, keys] : page) {
    EXPECT_EQ(difference(keys, read[object]), none) << "keys of \"" << object << "\" that nothing reads";
  }
}

}  // namespace
}  // namespace cni
