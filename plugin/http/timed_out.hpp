#pragma once

#include "plugin/cni/error.hpp"

namespace http {

/// The deadline has passed: code try_again_later. What has arrived until then is kept.
struct TimedOut : cni::Error {
  using cni::Error::Error;
};

}  // namespace http
