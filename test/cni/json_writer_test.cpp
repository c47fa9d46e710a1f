#include "plugin/cni/json_writer.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

void write_sample(JsonWriter& json) {
  json.begin_object();
  json.member("name", "a\"b");
  json.key("list");
  json.begin_array();
  json.number(1);
  json.begin_object();
  json.end_object();
  json.begin_array();
  json.end_array();
  json.end_array();
  json.member("last", std::uint64_t{18446744073709551615U});
  json.end_object();
}

TEST(JsonWriter, WritesOneLine) {
  JsonWriter json(0);
  write_sample(json);
  EXPECT_EQ(json.finished(), R"({"name":"a\"b","list":[1,{},[]],"last":18446744073709551615})"
                             "\n");
}

TEST(JsonWriter, Indents) {
  JsonWriter json(2);
  write_sample(json);
  EXPECT_EQ(json.finished(), R"({
  "name": "a\"b",
  "list": [
    1,
    {},
    []
  ],
  "last": 18446744073709551615
}
)");
}

TEST(JsonWriter, ReplacesInvalidUtf8) {
  JsonWriter json(0);
  json.string(
      "a\xff"
      "b");
  EXPECT_EQ(json.finished(),
            "\"a\xEF\xBF\xBD"
            "b\"\n");
}

}  // namespace
}  // namespace cni
