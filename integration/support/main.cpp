#include "integration/support/sandbox.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include <gtest/gtest.h>

namespace {

constexpr int skipped = 77;  // SKIP_RETURN_CODE in integration/CMakeLists.txt

// Whoever has to rely on these tests (test/run) sets VETH_SANDBOX_REQUIRED, so that "could not run" is a failure there.
int cannot_run(const std::string& reason) {
  std::cerr << "\nNOT RUN: this machine allows no sandbox: " << reason << "\n\n";
  return std::getenv("VETH_SANDBOX_REQUIRED") != nullptr ? EXIT_FAILURE : skipped;
}

class NodeForEachTest : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { support::make_node(); }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();  // the build asks for the names; it needs no sandbox
  std::signal(SIGPIPE, SIG_IGN);
  try {
    if (const auto refusal = support::enter_sandbox()) return cannot_run(*refusal);
    testing::UnitTest::GetInstance()->listeners().Append(new NodeForEachTest);  // which owns it
    return RUN_ALL_TESTS();
  } catch (const std::exception& error) {
    std::cerr << "the sandbox failed: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
