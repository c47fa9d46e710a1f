#include "plugin/text/base64.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

struct Base64Case {
  std::string bytes;
  std::string text;
};

// RFC 4648, section 10, and bytes with all bits.
const Base64Case base64_cases[] = {{"", ""},
                                   {"f", "Zg=="},
                                   {"fo", "Zm8="},
                                   {"foo", "Zm9v"},
                                   {"foob", "Zm9vYg=="},
                                   {"fooba", "Zm9vYmE="},
                                   {"foobar", "Zm9vYmFy"},
                                   {std::string{"\0\xff\x80", 3}, "AP+A"},
                                   {"\xff\xff\xff", "////"}};

TEST(Base64, EncodesAndDecodes) {
  for (const auto& example : base64_cases) {
    EXPECT_EQ(text::base64(example.bytes), example.text);
    EXPECT_EQ(text::find_base64(example.text), example.bytes) << example.text;
  }
}

TEST(Base64, RejectsOtherTexts) {
  for (const auto* other : {"Z", "Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm-v", "Zg==Zg==", "Zm9vY==="}) {
    EXPECT_EQ(text::find_base64(other), std::nullopt) << other;
  }
}

}  // namespace
