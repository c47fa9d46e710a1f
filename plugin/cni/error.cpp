#include "plugin/cni/error.hpp"

#include "plugin/cni/json_reader.hpp"
#include "plugin/cni/json_writer.hpp"

#include <limits>
#include <utility>

namespace cni {

Error::Error(ErrorCode error_code, std::string error_message, std::string error_details)
    : code(static_cast<unsigned>(error_code)),
      message(std::move(error_message)),
      details(std::move(error_details)),
      text_(details.empty() ? message : message + "; " + details) {}

Error not_available(const std::string& reason, std::string details) {
  return {ErrorCode::not_available, "no container can be added now: " + reason, std::move(details)};
}

std::string to_json(const Error& error, Version version) {
  JsonWriter json(4);
  json.begin_object();
  json.member("cniVersion", to_string(version));
  json.member("code", error.code);
  json.member("msg", error.message);
  if (!error.details.empty()) json.member("details", error.details);
  json.end_object();
  return json.finished();
}

Error parse_error(const std::string& text) {
  const JsonDocument document(text, "the error of the delegate");
  JsonObject object = document.root().as_object();
  const auto code = object.find("code");
  if (!code) throw Error(ErrorCode::decoding_failure, "the error of the delegate has no code");
  const std::uint64_t number = code->as_unsigned(0, std::numeric_limits<unsigned>::max());
  return {static_cast<ErrorCode>(number), object.string_or("msg", ""), object.string_or("details", "")};
}

}  // namespace cni
