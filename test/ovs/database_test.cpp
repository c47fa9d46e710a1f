// The client over a socket whose other end is the test.
#include "plugin/ovs/database.hpp"

#include "plugin/ovs/ports.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

/// Accepts connections and answers each message with what `answer` returns; an empty answer closes the connection.
class FakeDatabase {
 public:
  using Answer = std::function<std::string(const std::string&)>;

  FakeDatabase(const std::string& path, Answer answer) : answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    listener_ = posix::FileDescriptor{::socket(AF_UNIX, SOCK_STREAM, 0)};
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
    thread_ = std::thread{[this] { serve(); }};
  }
  FakeDatabase(const FakeDatabase&) = delete;
  ~FakeDatabase() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::vector<std::string> received{};  ///< read it after the client has all answers

 private:
  void serve() {
    while (true) {
      const posix::FileDescriptor connection{::accept(listener_.get(), nullptr, nullptr)};
      if (!connection) return;
      serve(connection.get());
    }
  }

  void serve(int connection) {
    std::string text;
    char buffer[4096];
    while (true) {
      const auto count = ::read(connection, buffer, sizeof buffer);
      if (count <= 0) return;
      text.append(buffer, static_cast<std::size_t>(count));
      while (const auto length = ovs::message_length(text)) {
        received.push_back(text.substr(0, *length));
        text.erase(0, *length);
        const auto answer = answer_(received.back());
        if (answer.empty() || ::write(connection, answer.data(), answer.size()) < 0) return;
      }
    }
  }

  Answer answer_;
  posix::FileDescriptor listener_;
  std::thread thread_;
};

std::string result(unsigned id, const std::string& results) {
  return R"({"id":)" + std::to_string(id) + R"(,"result":)" + results + R"(,"error":null})";
}

class OvsDatabase : public testing::Test {
 protected:
  test::TemporaryDirectory folder;
  std::string socket = folder.path() + "/db.sock";
};

TEST_F(OvsDatabase, ReadsTwoAnswersOfOneSend) {
  const FakeDatabase fake{socket, [](const std::string& request) {
                            return request.find(R"("id":1)") != std::string::npos ? std::string{" "}
                                                                                  : result(1, "[1]") + result(2, "[2]");
                          }};
  ovs::Database database{socket};
  database.send(R"({"id":1}{"id":2})");
  EXPECT_EQ(database.receive(1, ovs::deadline_in(ovs::answer_timeout)), "[1]");
  EXPECT_EQ(database.receive(2, ovs::deadline_in(ovs::answer_timeout)), "[2]");
}

TEST_F(OvsDatabase, AnswersAnEchoWhileItWaits) {
  FakeDatabase fake{socket, [](const std::string& message) {
                      return message.find("echo") == std::string::npos
                                 ? std::string{R"({"id":"echo","method":"echo","params":[7]})"}
                                 : result(1, "[]");
                    }};
  ovs::Database database{socket};
  EXPECT_EQ(database.call(1, R"({"id":1})"), "[]");
  ASSERT_EQ(fake.received.size(), 2U);
  EXPECT_EQ(fake.received.at(1), R"({"id":"echo","result":[7],"error":null})");
}

TEST_F(OvsDatabase, GivesUpAfterTheDeadline) {
  const FakeDatabase fake{socket, [](const std::string&) { return " "; }};
  ovs::Database database{socket};
  database.send(R"({"id":1})");
  try {
    database.receive(1, ovs::deadline_in(std::chrono::milliseconds{50}));
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ETIMEDOUT);
    EXPECT_NE(std::string{error.what()}.find("read the answer of the database of Open vSwitch \"" + socket),
              std::string::npos)
        << error.what();
  }
}

TEST_F(OvsDatabase, ReportsAMissingSocketAndAClosedConnection) {
  EXPECT_THROW(ovs::Database{socket}, std::system_error);
  const FakeDatabase fake{socket, [](const std::string&) { return ""; }};
  EXPECT_THROW(ovs::Database{socket}.call(1, R"({"id":1})"), std::system_error);
}

TEST_F(OvsDatabase, RefusesAPathThatIsTooLong) {
  EXPECT_THROW(ovs::Database{"/" + std::string(200, 'x')}, std::system_error);
}

TEST_F(OvsDatabase, NamesTheMissingBridge) {
  const FakeDatabase fake{socket, [](const std::string& request) {
                            return request.find(R"("id":1)") == std::string::npos
                                       ? result(2, R"([{"error":"timed out"},null])")
                                       : result(1, R"([{"error":"timed out","details":"x"},null,null,null,null])");
                          }};
  ovs::PortAddition addition{{.attachment = {"net", "box", "eth0"}, .settings = {.bridge = "br7", .socket = socket}}};
  addition.request();
  EXPECT_EQ(test::error_text([&] { addition.wait(); }), R"(7: Open vSwitch has no bridge "br7")");
}

}  // namespace
