#include "plugin/veth_node/log.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/cni/log_line.hpp"
#include "plugin/posix/log_file.hpp"
#include "plugin/posix/streams.hpp"

#include <chrono>
#include <system_error>

namespace veth_node {

std::string log_line(std::string_view level, std::string_view message, const cni::Error* error) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("time", cni::log_time(std::chrono::system_clock::now()));
  json.member("level", level);
  json.member("plugin", "veth-node");
  json.member("msg", message);
  if (error != nullptr) json.member("code", std::uint64_t{error->code});
  if (error != nullptr && !error->details.empty()) json.member("details", error->details);
  json.end_object();
  return json.finished();
}

void Log::info(std::string_view message) const { write(log_line("info", message, nullptr)); }
void Log::warning(std::string_view message) const { write(log_line("warning", message, nullptr)); }
void Log::error(const cni::Error& error) const { write(log_line("error", error.message, &error)); }

/// A full disk or a closed pipe must not end the program.
void Log::write(const std::string& line) const {
  try {
    if (!file_.empty()) return posix::append_line(file_, line);
  } catch (const std::system_error&) {  // then to standard error
  }
  try {
    posix::write_error(line);
  } catch (const std::system_error&) {
    return;
  }
}

}  // namespace veth_node
