#include "plugin/kernel/netlink_socket.hpp"

#include "plugin/kernel/links.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace {

TEST(RefusalError, ContainsTheRefusedAction) {
  std::vector<kernel::NetlinkRequest> requests;
  requests.push_back(kernel::bring_up(7, "eth0"));
  requests.push_back(kernel::bring_down(8, "eth1"));
  const auto error = kernel::refusal_error({.request = 1, .error = EPERM, .text = {}}, requests);
  EXPECT_STREQ(error.what(), R"(set "eth1" down: Operation not permitted)");
  EXPECT_EQ(error.code().value(), EPERM);
}

TEST(RefusalError, ContainsTheTextOfTheKernel) {
  const auto requests = kernel::batch_of(kernel::bring_up(7, "eth0"));
  const auto error = kernel::refusal_error({.request = 0, .error = EINVAL, .text = "Invalid index"}, requests);
  EXPECT_STREQ(error.what(), R"(set "eth0" up (Invalid index): Invalid argument)");
}

}  // namespace
