#include "plugin/cni/error.hpp"

#include "test/cni/failure.hpp"

#include <gtest/gtest.h>

namespace cni {
namespace {

TEST(Error, ContainsMessageAndDetailsLikeInLibcni) {
  EXPECT_STREQ(Error(ErrorCode::invalid_config, "missing network name").what(), "missing network name");
  EXPECT_STREQ(Error(ErrorCode::invalid_config, "bad name", "a/b").what(), "bad name; a/b");
}

TEST(ErrorToJson, OmitsEmptyDetails) {
  EXPECT_EQ(to_json(Error(ErrorCode::try_again_later, "locked"), Version::v1_0_0), R"({
    "cniVersion": "1.0.0",
    "code": 11,
    "msg": "locked"
}
)");
}

TEST(ErrorToJson, ReplacesInvalidUtf8) {
  EXPECT_EQ(to_json(Error(ErrorCode::invalid_config, "a\xff", "\"b\"\n"), Version::v1_1_0),
            "{\n    \"cniVersion\": \"1.1.0\",\n    \"code\": 7,\n    \"msg\": \"a\xEF\xBF\xBD\",\n"
            "    \"details\": \"\\\"b\\\"\\n\"\n}\n");
}

TEST(ParseError, KeepsTheDelegatesCode) {
  const Error error = parse_error(R"({"cniVersion":"1.0.0","code":4294967295,"msg":"full","details":"10.0.0.0/24"})");
  EXPECT_EQ(error.code, 4294967295U);
  EXPECT_EQ(error.message, "full");
  EXPECT_EQ(error.details, "10.0.0.0/24");
}

TEST(ParseError, ReadsWhatToJsonWrites) {
  const Error error(ErrorCode::not_available, "no \"addresses\"", "details");
  const Error read = parse_error(to_json(error, Version::v1_1_0));
  EXPECT_EQ(read.code, 50U);
  EXPECT_STREQ(read.what(), error.what());
}

TEST(ParseError, RejectsAnythingButAnError) {
  struct Case {
    std::string text;
    std::string message;
  };
  for (const auto& [text, message] :
       {Case{"",
             "the error of the delegate cannot be read as JSON: line 1, column 1: syntax error while parsing value - "
             "unexpected end of input; expected '[', '{', or a literal"},
        Case{"[]", "the document: must be an object, not []"},  //
        Case{"{}", "the error of the delegate has no code"},
        Case{R"({"code":"7"})", R"(/code: must be an integer, not "7")"},
        Case{R"({"code":7,"msg":1})", R"(/msg: must be a string, not 1)"}}) {
    expect_failure([&, &input = text] { parse_error(input); }, ErrorCode::decoding_failure, message);
  }
}

}  // namespace
}  // namespace cni
