#pragma once

#include "integration/faults/scene.hpp"

#include <string>

namespace faults {

/// What is wrong after an ADD or a DEL whatever befell it; empty where nothing is. A success has to be a whole one: the
/// container has its network after an ADD, and none after a DEL. An ADD that failed has left nothing, and after a DEL
/// that failed another one leaves nothing.
std::string examine(const std::string& verb, Scene& scene, const support::Answer& answer);

/// The answer with what is wrong with it.
std::string told(const std::string& fault, const support::Answer& answer);

}  // namespace faults
