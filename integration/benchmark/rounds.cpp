#include "integration/benchmark/rounds.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <thread>

namespace benchmark {
namespace {

using namespace std::chrono_literals;

// A deletion that follows a creation within milliseconds waits for the kernel's work on the creation
// (plugin/kernel/README.md: 9 ms more), and what it leaves to do is not to fall into the next call.
constexpr auto life = 50ms;
constexpr auto afterwards = 20ms;

using Samples = std::map<std::string, std::vector<double>>;

void take_turn(Contender& contender, Samples& samples) {
  samples["ADD"].push_back(contender.attachment.add());
  if (contender.is_checked) samples["CHECK"].push_back(contender.attachment.check());
  std::this_thread::sleep_for(life);
  samples["DEL"].push_back(contender.attachment.del());
  std::this_thread::sleep_for(afterwards);
}

}  // namespace

std::vector<Row> measure(std::vector<Contender> contenders, int rounds) {
  std::vector<Samples> samples(contenders.size());
  std::vector<std::size_t> order(contenders.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937 chance;  // NOLINT: the same order in each run
  for (int round = 0; round <= rounds; ++round) {
    std::shuffle(order.begin(), order.end(), chance);
    for (const auto place : order) {
      Samples uncounted;
      take_turn(contenders[place], round == 0 ? uncounted : samples[place]);
    }
  }
  std::vector<Row> rows;
  for (std::size_t place = 0; place < contenders.size(); ++place) {
    Row row{contenders[place].attachment.name(), {}};
    for (const auto& [verb, values] : samples[place]) row.verbs[verb] = summarize(values);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace benchmark
