#include "plugin/kernel/route_batch.hpp"

#include "plugin/kernel/routes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace kernel {
namespace {

using Requests = std::vector<NetlinkRequest>;
using Refusals = std::vector<Refusal>;

/// Returns whether any of the refused requests has changed.
bool raise_metrics(const Requests& requests, const Refusals& refusals) {
  std::size_t raised = 0;
  for (const auto& refusal : refusals) {
    if (refusal.error == EEXIST && raise_metric(requests[refusal.request])) ++raised;
  }
  return raised != 0;
}

/// Sends the refused requests again. The returned refusals have positions in `requests`.
Refusals send_again(NetlinkSocket& socket, Requests& requests, const Refusals& refusals) {
  Requests refused;
  for (const auto& refusal : refusals) refused.push_back(std::move(requests[refusal.request]));
  auto remaining = socket.send(refused).refusals;
  for (std::size_t index = 0; index < refused.size(); ++index) {
    requests[refusals[index].request] = std::move(refused[index]);
  }
  for (auto& refusal : remaining) refusal.request = refusals[refusal.request].request;
  return remaining;
}

}  // namespace

/// The number of attempts is limited: a container may have added routes with many successive metrics.
Answers send_routes(NetlinkSocket& socket, Requests& requests) {
  constexpr int max_attempts = 1000;
  auto answers = socket.send(requests);
  for (int attempt = 0; attempt < max_attempts && raise_metrics(requests, answers.refusals); ++attempt) {
    answers.refusals = send_again(socket, requests, answers.refusals);
  }
  return answers;
}

}  // namespace kernel
