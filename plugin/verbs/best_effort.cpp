#include "plugin/verbs/best_effort.hpp"

#include <system_error>

namespace verbs {

bool BestEffort::attempt(const std::function<void()>& step) {
  try {
    step();
    return true;
  } catch (const cni::Error& error) {
    failures_.push_back(error);
  } catch (const std::system_error& error) {
    failures_.emplace_back(cni::ErrorCode::system_refused, error.what());
  }
  return false;
}

void BestEffort::finish() const {
  if (failures_.empty()) return;
  cni::Error all = failures_.front();
  if (failures_.size() == 1) throw all;
  std::string others;
  for (std::size_t i = 1; i < failures_.size(); ++i) others += (i > 1 ? "; " : "") + std::string{failures_[i].what()};
  const auto details = all.details.empty() ? "then: " + others : all.details + "; then: " + others;
  throw cni::Error{static_cast<cni::ErrorCode>(all.code), all.message, details};
}

}  // namespace verbs
