#include "plugin/http/connection.hpp"
#include "test/support/error_text.hpp"

#include <gmock/gmock.h>

#include <string>

#include <gtest/gtest.h>

namespace {

using testing::HasSubstr;

const std::string chunked =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    "6\r\n{\"a\":1\r\n2\r\n}\n\r\n0\r\n\r\n";
const std::string sized = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello";

/// The whole body, read in pieces of this size.
std::string read_in_pieces(const std::string& response, std::size_t size) {
  http::ResponseReader reader;
  std::string buffer;
  std::string body;
  for (std::size_t i = 0; i < response.size(); i += size) {
    buffer += response.substr(i, size);
    reader.read(buffer);
    body += reader.take_body();
  }
  EXPECT_TRUE(reader.is_complete()) << size;
  EXPECT_TRUE(reader.keeps_connection()) << size;
  return body;
}

TEST(ResponseReader, ReadsResponsesThatArriveInPieces) {
  for (std::size_t size = 1; size < chunked.size() + 1; ++size) {
    EXPECT_EQ(read_in_pieces(chunked, size), "{\"a\":1}\n") << size;
    EXPECT_EQ(read_in_pieces(sized, size), "hello") << size;
  }
}

TEST(ResponseReader, ReadsTheStatus) {
  http::ResponseReader reader;
  auto buffer = sized;
  reader.read(buffer);
  EXPECT_EQ(reader.status(), 404U);
  EXPECT_EQ(buffer, "");
}

TEST(ResponseReader, LeavesWhatFollowsTheResponse) {
  http::ResponseReader reader;
  auto buffer = sized + "HTTP/1.1";
  reader.read(buffer);
  EXPECT_TRUE(reader.is_complete());
  EXPECT_EQ(buffer, "HTTP/1.1");
}

TEST(ResponseReader, EndsWithTheConnectionIfTheLengthIsUnknown) {
  http::ResponseReader reader;
  std::string buffer = "HTTP/1.1 200 OK\r\n\r\nhel";
  reader.read(buffer);
  EXPECT_FALSE(reader.is_complete());
  reader.end();
  EXPECT_TRUE(reader.is_complete());
  EXPECT_FALSE(reader.keeps_connection());
  EXPECT_EQ(reader.take_body(), "hel");
}

TEST(ResponseReader, RejectsAnIncompleteResponse) {
  for (const auto& text : {std::string{}, std::string{"HTTP/1.1 200 OK\r\n"}, sized.substr(0, sized.size() - 1),
                           chunked.substr(0, chunked.size() - 3)}) {
    EXPECT_THAT(test::error_text([&] {
                  http::ResponseReader reader;
                  auto buffer = text;
                  reader.read(buffer);
                  reader.end();
                }),
                HasSubstr("11: the server has closed the connection in the middle of its answer"))
        << text;
  }
}

TEST(ResponseReader, RejectsOtherProtocols) {
  for (const auto* text : {"SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01 \x02\x02\x46\r\n", "HTTP/1.1 abc\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    EXPECT_THAT(test::error_text([&] {
                  http::ResponseReader reader;
                  std::string buffer = text;
                  reader.read(buffer);
                }),
                HasSubstr("6: the server sent something else than HTTP: "))
        << text;
  }
}

TEST(Request, IsWritten) {
  const http::Request request{
      .method = "POST", .target = "/v3/kv/range", .body = "{}", .headers = {{"Authorization", "token"}}};
  EXPECT_EQ(http::to_text(request, http::read_endpoint("http://[::1]:2379")),
            "POST /v3/kv/range HTTP/1.1\r\nHost: [::1]:2379\r\nUser-Agent: veth-node/" VETH_VERSION
            "\r\nAccept: application/json\r\nAuthorization: token\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}");
}

}  // namespace
