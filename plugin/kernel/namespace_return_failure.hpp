#pragma once

#include "plugin/cni/error.hpp"

namespace kernel {

/// setns(2) back to the own network namespace of the process failed. Every further change would happen in the wrong
/// namespace, so main prints `error` and ends the process. Not derived from std::exception, so that neither a rollback
/// nor a best-effort step catches it and continues.
struct NamespaceReturnFailure {
  cni::Error error;
};

/// Calls `act`. Rethrows NamespaceReturnFailure as its cni::Error, which main prints before it ends the process.
void rethrow_namespace_return_failure(const auto& act) {
  try {
    act();
  } catch (const NamespaceReturnFailure& failure) {
    throw failure.error;
  }
}

}  // namespace kernel
