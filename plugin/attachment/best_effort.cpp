#include "plugin/attachment/best_effort.hpp"

#include "plugin/text/joined.hpp"

#include <span>
#include <system_error>

namespace attachment {

bool BestEffort::attempt(const std::function<void()>& step) {
  try {
    step();
    return true;
  } catch (const cni::Error& error) {
    failures_.push_back(error);
  } catch (const std::system_error& error) {
    add(error);
  }
  return false;
}

void BestEffort::add(const std::system_error& failure) {
  failures_.emplace_back(cni::ErrorCode::system_refused, failure.what());
}

void BestEffort::finish() const {
  if (failures_.empty()) return;
  cni::Error all = failures_.front();
  if (failures_.size() == 1) throw all;
  const auto others = text::joined(std::span{failures_}.subspan(1), "; ", &cni::Error::what);
  const auto details = all.details.empty() ? "further errors: " + others : all.details + "; further errors: " + others;
  throw cni::Error{static_cast<cni::ErrorCode>(all.code), all.message, details};
}

}  // namespace attachment
