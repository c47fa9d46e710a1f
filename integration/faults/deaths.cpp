#include "integration/faults/sweeps.hpp"
#include "integration/faults/trial.hpp"

namespace faults {
namespace {

using support::Fault;

/// The plugin may hold it by its descriptor, and is the last who does.
Fault of_its_namespace(std::size_t number, Scene& scene) {
  return {.number = number, .kind = Fault::Kind::event, .befall = [&scene] { scene.lose_namespace(); }};
}

/// Whatever it answers, it is in time, and nothing is left on the host after a DEL that knows no namespace.
std::string examine_death(const std::string&, Scene& scene, const Evidence& evidence) {
  if (auto fault = unless_answered(evidence.struck); !fault.empty()) return fault;
  if (auto fault = unless_success("DEL", scene.perform("DEL")); !fault.empty()) return fault;
  return scene.changes();
}

}  // namespace

std::vector<Task> deaths(const Setting& setting) {
  return tasks_of({"deaths", of_its_namespace, examine_death}, setting.is_short);
}

}  // namespace faults
