#include "plugin/vethctl/inspect/node.hpp"

namespace inspect {

std::string_view to_string(State state) {
  switch (state) {
    case State::live:
      return "live";
    case State::in_flight:
      return "in flight";
    case State::incomplete:
      return "incomplete";
    case State::unreadable:
      return "unreadable";
    case State::broken:
      return "broken";
    case State::unrecorded:
      return "unrecorded";
  }
  return "";
}

}  // namespace inspect
