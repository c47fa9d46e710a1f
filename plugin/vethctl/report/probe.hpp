#pragma once

#include "plugin/vethctl/probe/result.hpp"
#include "plugin/vethctl/probe/test_plan.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace report {

/// A table with one line per test, and for each loss where the packet was seen last, the cause, and what to do.
std::string probe(const probe::Plan& plan, const std::vector<probe::Result>& results, std::size_t width);

/// An object with the tests, and the families that an endpoint has no address of.
std::string json(const probe::Plan& plan, const std::vector<probe::Result>& results);

}  // namespace report
