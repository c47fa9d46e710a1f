#include "plugin/cni/unsupported.hpp"

#include "plugin/cni/error.hpp"

#include <string>
#include <string_view>

namespace cni {
namespace {

[[noreturn]] void refuse(const JsonValue& value, std::string_view advice) {
  throw Error(ErrorCode::unsupported_field,
              value.pointer() + ": " + value.text() + " is not supported: " + std::string(advice));
}

void refuse_log(JsonObject& network) {
  const auto log = network.find("log");
  if (log && !log->as_object().unasked().empty()) refuse(*log, "leave it out");
}

}  // namespace

void refuse_unsupported(JsonObject& network) { refuse_log(network); }

}  // namespace cni
