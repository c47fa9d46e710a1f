#include "plugin/cni/log_config.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/key_spelling.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace cni {
namespace {

constexpr std::size_t max_log_name_length = 200;

/// The suffix ".log" distinguishes log files from the state folders, which are also in /run/veth-cni.
bool is_log_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  constexpr std::string_view ending = ".log";
  return name.size() > ending.size() && name.size() <= max_log_name_length && name.front() != '.' &&
         name.ends_with(ending) && name.find_first_not_of(allowed) == std::string_view::npos;
}

/// Only two folders are allowed: root writes the file, but the author of the configuration may not be the
/// administrator.
bool is_log_path(std::string_view path) {
  constexpr std::array<std::string_view, 2> folders{"/var/log/veth-cni/", "/run/veth-cni/"};
  return std::ranges::any_of(folders, [path](std::string_view folder) {
    return path.starts_with(folder) && is_log_name(path.substr(folder.size()));
  });
}

std::string read_file(const JsonValue& value) {
  std::string path = value.as_string();
  if (is_log_path(path)) return path;
  value.reject(
      "must be a file directly in /var/log/veth-cni or /run/veth-cni whose name consists of letters, digits, '_', '-' "
      "and '.', does not begin with '.' and ends in \".log\"");
}

LogLevel read_level(const JsonValue& value) {
  constexpr std::array<std::pair<std::string_view, LogLevel>, 3> levels{
      {{"error", LogLevel::error}, {"info", LogLevel::info}, {"debug", LogLevel::debug}}};
  const auto text = value.as_string();
  for (const auto& [name, level] : levels) {
    if (text == name) return level;
  }
  value.reject(R"(must be "error", "info" or "debug")");
}

}  // namespace

std::optional<LogConfig> read_log(JsonObject& network) {
  const auto value = network.find("log");
  if (!value) return std::nullopt;
  JsonObject object = value->as_object();
  const auto file = object.find_nonempty("file");
  const auto level = object.find_nonempty("level");
  const auto format = object.find_nonempty("format");
  object.reject_misspelled_keys();
  LogConfig log;
  if (file) log.file = read_file(*file);
  if (level) log.level = read_level(*level);
  if (format && format->as_string() != "json") format->reject("must be \"json\"");
  if (!file && (level || format)) value->reject("must contain the key file");
  return file ? std::optional{std::move(log)} : std::nullopt;
}

std::optional<LogTarget> find_log_target(std::string_view text) try {
  const JsonDocument document(text, configuration_origin);
  JsonObject network = document.root().as_object();
  auto log = read_log(network);
  if (!log) return std::nullopt;
  LogTarget target{.log = *std::move(log)};
  const auto name = network.find("name");
  if (name && name->is_string()) target.network = name->as_string();
  return target;
} catch (const Error&) {
  return std::nullopt;
}

bool may_have_log_key(std::string_view text) {
  constexpr std::string_view key = "log\"";
  if (text.find('\\') != std::string_view::npos) return true;  // the key may contain escapes such as \u006c
  for (auto quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    if (is_same_key(text.substr(quote + 1, key.size()), key)) return true;
  }
  return false;
}

}  // namespace cni
