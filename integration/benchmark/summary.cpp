#include "integration/benchmark/summary.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace benchmark {
namespace {

/// The quantile, with linear interpolation between two values.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace

Summary summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {.count = values.size(),
          .least = values.front(),
          .first_quartile = quantile(values, 0.25),
          .median = quantile(values, 0.5),
          .third_quartile = quantile(values, 0.75),
          .p99 = quantile(values, 0.99),
          .mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size())};
}

}  // namespace benchmark
