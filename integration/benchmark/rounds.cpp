#include "integration/benchmark/rounds.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <thread>

namespace benchmark {
namespace {

using namespace std::chrono_literals;

// A DEL within milliseconds after the ADD waits for the kernel to complete the creation (plugin/kernel/README.md: 9 ms
// more). The kernel's work after the DEL must not affect the next call.
constexpr auto pause_before_del = 50ms;
constexpr auto pause_after_del = 20ms;

using Samples = std::map<std::string, std::vector<double>>;

void run_round(Candidate& candidate, Samples& samples) {
  samples["ADD"].push_back(candidate.attachment.add());
  if (candidate.is_checked) samples["CHECK"].push_back(candidate.attachment.check());
  std::this_thread::sleep_for(pause_before_del);
  samples["DEL"].push_back(candidate.attachment.del());
  std::this_thread::sleep_for(pause_after_del);
}

}  // namespace

std::vector<Row> measure(std::vector<Candidate> candidates, int rounds) {
  std::vector<Samples> samples(candidates.size());
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 chance;  // NOLINT: the same order in each run
  for (int round = 0; round <= rounds; ++round) {
    std::shuffle(order.begin(), order.end(), chance);
    for (const auto index : order) {
      Samples uncounted;
      run_round(candidates[index], round == 0 ? uncounted : samples[index]);
    }
  }
  std::vector<Row> rows;
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    Row row{candidates[index].attachment.name(), {}};
    for (const auto& [verb, values] : samples[index]) row.verbs[verb] = summarize(values);
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json to_json(const std::vector<Row>& rows) {
  auto list = nlohmann::json::array();
  for (const auto& row : rows) {
    nlohmann::json one{{"subject", row.name}};
    for (const auto& [verb, summary] : row.verbs) {
      one[verb] = {{"count", summary.count},   {"least", summary.least},       {"q1", summary.first_quartile},
                   {"median", summary.median}, {"q3", summary.third_quartile}, {"p99", summary.p99},
                   {"mean", summary.mean}};
    }
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace benchmark
