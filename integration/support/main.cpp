#include "integration/support/sandbox.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include <gtest/gtest.h>

namespace {

constexpr int skipped = 77;  // SKIP_RETURN_CODE in integration/CMakeLists.txt

// test/run sets VETH_SANDBOX_REQUIRED, so that tests that cannot run are a failure there.
int report_not_run(const std::string& reason) {
  std::cerr << "\nNOT RUN: cannot create namespaces on this machine: " << reason << "\n\n";
  return std::getenv("VETH_SANDBOX_REQUIRED") != nullptr ? EXIT_FAILURE : skipped;
}

class NewNodeForEachTest : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { support::make_node(); }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();  // the build lists the tests without a sandbox
  std::signal(SIGPIPE, SIG_IGN);
  try {
    if (const auto refusal = support::enter_sandbox()) return report_not_run(*refusal);
    testing::UnitTest::GetInstance()->listeners().Append(new NewNodeForEachTest);  // takes ownership
    return RUN_ALL_TESTS();
  } catch (const std::exception& error) {
    std::cerr << "cannot set up the sandbox: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
