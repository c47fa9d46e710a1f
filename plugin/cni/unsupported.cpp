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

void refuse_sysctls(JsonObject& network) {
  const auto sysctls = network.find("sysctl");
  if (sysctls && !sysctls->as_object().unasked().empty()) refuse(*sysctls, "add the plugin tuning to the chain");
}

void refuse_queue_length(JsonObject& network) {
  const auto length = network.find("txQLen");
  if (length && length->as_unsigned(0, 0xffffffffU) != 0) refuse(*length, "add the plugin tuning to the chain");
}

}  // namespace

void refuse_unsupported(JsonObject& network) {
  refuse_sysctls(network);
  refuse_log(network);
  refuse_queue_length(network);
}

}  // namespace cni
