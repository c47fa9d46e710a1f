#include "plugin/verbs/best_effort.hpp"

#include "plugin/text/joined.hpp"

#include <span>
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
  const auto others = text::joined(std::span{failures_}.subspan(1), "; ", &cni::Error::what);
  const auto details = all.details.empty() ? "then: " + others : all.details + "; then: " + others;
  throw cni::Error{static_cast<cni::ErrorCode>(all.code), all.message, details};
}

}  // namespace verbs
