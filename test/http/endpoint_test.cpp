#include "plugin/http/endpoint.hpp"

#include "test/support/error_text.hpp"

#include <gmock/gmock.h>

#include <string>

#include <gtest/gtest.h>

namespace {

TEST(Endpoint, IsReadAndWritten) {
  for (const auto* url : {"https://192.0.2.1:2379", "http://192.0.2.1:1", "https://[2001:db8::1]:65535"}) {
    EXPECT_EQ(http::to_string(http::read_endpoint(url)), url);
  }
}

TEST(Endpoint, HasADefaultPort) {
  EXPECT_EQ(http::to_string(http::read_endpoint("https://192.0.2.1/")), "https://192.0.2.1:443");
  EXPECT_EQ(http::to_string(http::read_endpoint("http://[::1]")), "http://[::1]:80");
}

TEST(Endpoint, RejectsOtherTexts) {
  for (const auto* url :
       {"", "192.0.2.1:2379", "https://", "https://etcd:2379", "https://192.0.2.1:", "https://192.0.2.1:0",
        "https://192.0.2.1:65536", "https://192.0.2.1:2379/v3", "https://2001:db8::1:2379", "https://[192.0.2.1]:2379",
        "https://[2001:db8::1", "https://[2001:db8::1]2379", "ftp://192.0.2.1:21", "https://192.0.2.1:23 79"}) {
    EXPECT_THAT(test::error_text([&] { http::read_endpoint(url); }), testing::HasSubstr("must have the form")) << url;
  }
}

}  // namespace
