#pragma once

#include <cstddef>
#include <vector>

namespace benchmark {

/// Statistics of a series of measurements, in their unit; all 0: the series is empty.
struct Summary {
  std::size_t count = 0;
  double least = 0;
  double first_quartile = 0;
  double median = 0;
  double third_quartile = 0;
  double p99 = 0;
  double mean = 0;
};

Summary summarize(std::vector<double> values);

}  // namespace benchmark
