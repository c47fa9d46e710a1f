#include "integration/benchmark/node.hpp"
#include "integration/benchmark/subjects.hpp"
#include "integration/benchmark/suites.hpp"
#include "integration/support/sandbox.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

namespace benchmark {
namespace {

using namespace std::chrono_literals;

struct Burst {
  std::vector<double> milliseconds;  ///< of each call
  double calls_per_second = 0;
};

using Calls = std::vector<std::function<double()>>;

/// Makes the calls, `width` at once.
Burst run_at_once(const Calls& calls, std::size_t width) {
  std::atomic<std::size_t> next{0};
  Burst burst{std::vector<double>(calls.size()), 0};
  const auto work = [&] {
    for (auto which = next++; which < calls.size(); which = next++) burst.milliseconds[which] = calls[which]();
  };
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::future<void>> workers;
  for (std::size_t worker = 0; worker < width; ++worker) workers.push_back(std::async(std::launch::async, work));
  for (auto& worker : workers) worker.get();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  burst.calls_per_second = static_cast<double>(calls.size()) / elapsed.count();
  return burst;
}

/// The measurements of one subject at one width.
struct Series {
  std::map<std::string, std::vector<double>> milliseconds;
  std::map<std::string, std::vector<double>> rates;
};

void record(const std::string& verb, const Burst& burst, Series& series) {
  auto& all = series.milliseconds[verb];
  all.insert(all.end(), burst.milliseconds.begin(), burst.milliseconds.end());
  series.rates[verb].push_back(burst.calls_per_second);
}

void burst_of(std::vector<Attachment>& attachments, std::size_t width, Series& series) {
  Calls adds;
  Calls dels;
  for (auto& attachment : attachments) {
    adds.emplace_back([&attachment] { return attachment.add(); });
    dels.emplace_back([&attachment] { return attachment.del(); });
  }
  record("ADD", run_at_once(adds, width), series);
  std::this_thread::sleep_for(200ms);
  record("DEL", run_at_once(dels, width), series);
  std::this_thread::sleep_for(500ms);
}

nlohmann::json to_json(const std::string& name, std::size_t width, const Series& series) {
  nlohmann::json row{{"subject", name}, {"at once", width}};
  for (const auto& [verb, milliseconds] : series.milliseconds) {
    const auto summary = summarize(milliseconds);
    row[verb] = {
        {"per second", summarize(series.rates.at(verb)).median}, {"p50", summary.median}, {"p99", summary.p99}};
  }
  return row;
}

}  // namespace

nlohmann::json measure_throughput(double effort) {
  support::make_node();
  Node node{"busy"};
  const std::size_t amount = effort < 1 ? 32 : 96;
  const int rounds = effort < 1 ? 1 : 3;
  std::vector<std::vector<Attachment>> subjects(2);
  for (std::size_t number = 0; number < amount; ++number) {
    subjects[0].emplace_back(floor_dual_stack(), node.new_container());
    subjects[1].emplace_back(veth_dual_stack(1), node.new_container());
  }
  for (auto& subject : subjects) {
    subject.front().add();
    subject.front().del();
  }
  auto rows = nlohmann::json::array();
  for (const std::size_t width : {1U, 8U, 32U}) {
    std::vector<Series> series(subjects.size());
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t which = 0; which < subjects.size(); ++which) burst_of(subjects[which], width, series[which]);
    }
    for (std::size_t which = 0; which < subjects.size(); ++which) {
      rows.push_back(to_json(subjects[which].front().name(), width, series[which]));
    }
  }
  return rows;
}

}  // namespace benchmark
