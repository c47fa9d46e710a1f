#include "integration/faults/examine.hpp"

#include <sstream>

namespace faults {
namespace {

using support::Answer;

/// It says that the container has a network: then it has one.
std::string examine_success(Scene& scene, const Answer& answer) {
  if (!answer.result.is_object() || !answer.result.contains("ips")) return told("a success without a result", answer);
  const auto checked = scene.perform("CHECK");
  if (checked.exit != 0) return told("a success that is none", checked);
  const auto deleted = scene.perform("DEL");
  return deleted.exit == 0 ? scene.changes() : told("DEL failed", deleted);
}

std::string examine_add(Scene& scene, const Answer& answer) {
  if (answer.exit == 0) return examine_success(scene, answer);
  const auto left = scene.changes();
  return left.empty() ? "" : told("an error that left something", answer) + left;
}

/// A DEL that fails is made again by the runtime.
std::string examine_del(Scene& scene, const Answer& answer) {
  if (answer.exit == 0) {
    const auto left = scene.changes();
    return left.empty() ? "" : told("a success that is none", answer) + left;
  }
  const auto again = scene.perform("DEL");
  return again.exit == 0 ? scene.changes() : told("DEL failed again", again);
}

}  // namespace

std::string told(const std::string& fault, const Answer& answer) {
  std::ostringstream text;
  text << fault << ": " << answer << '\n';
  return text.str();
}

std::string examine(const std::string& verb, Scene& scene, const Answer& answer) {
  return verb == "ADD" ? examine_add(scene, answer) : examine_del(scene, answer);
}

}  // namespace faults
