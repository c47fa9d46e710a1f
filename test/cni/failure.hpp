#pragma once

#include "plugin/cni/error.hpp"

#include <gtest/gtest.h>

namespace cni {

/// The Error that `act` throws. If it throws none, the test fails.
template <typename Act>
Error failure_of(Act act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorCode::internal, ""};
}

template <typename Act>
void expect_failure(Act act, ErrorCode code, const std::string& text) {
  const Error error = failure_of(act);
  EXPECT_EQ(error.code, static_cast<unsigned>(code));
  EXPECT_STREQ(error.what(), text.c_str());
}

}  // namespace cni
