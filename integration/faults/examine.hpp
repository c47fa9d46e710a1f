#pragma once

#include "integration/faults/scene.hpp"

#include <string>

namespace faults {

/// What is wrong after an ADD or a DEL whatever befell it; empty where nothing is. The call has answered, with words
/// and in time. A success has to be a whole one: the container has its network after an ADD, and none after a DEL. An
/// ADD that failed has left nothing, and after a DEL that failed another one leaves nothing.
std::string examine(const std::string& verb, Scene& scene, const support::Answer& answer);

/// The same with more to hold it to: how a node looks after an ADD that nothing befell, and what befell this call.
struct Evidence {
  const support::Snapshot& wanted;
  const support::Struck& struck;
};
std::string examine(const std::string& verb, Scene& scene, const Evidence& evidence);

/// The same where nothing can be asked of an ADD that failed but that a DEL then leaves nothing.
std::string examine_with_del(const std::string& verb, Scene& scene, const Evidence& evidence);

/// What a scene looks like after an ADD, which has to succeed, when nothing moves any more.
support::Snapshot portrait_of_an_add(const Network& network, Scene::Neighbour neighbour);

/// What is wrong with how a program ended: with neither 0 nor 1, or with 1 and without words.
std::string unless_answered(const support::Struck& struck);

/// Empty for a success.
std::string unless_success(const std::string& act, const support::Answer& answer);

/// The answer with what is wrong with it.
std::string told(const std::string& fault, const support::Answer& answer);

}  // namespace faults
