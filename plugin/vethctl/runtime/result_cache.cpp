#include "plugin/vethctl/runtime/result_cache.hpp"

#include "plugin/posix/files.hpp"
#include "plugin/posix/replace_file.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/base64.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <sstream>

namespace runtime {
namespace {

using nlohmann::ordered_json;

constexpr auto kind = "cniCacheV1";

/// [["KEY", "value"], ...]
ordered_json args_json(const std::string& args) {
  auto pairs = ordered_json::array();
  std::istringstream stream{args};
  for (std::string pair; std::getline(stream, pair, ';');) {
    const auto separator = pair.find('=');
    if (separator != std::string::npos) pairs.push_back({pair.substr(0, separator), pair.substr(separator + 1)});
  }
  return pairs;
}

std::string args_text(const ordered_json& pairs) {
  std::string text;
  for (const auto& pair : pairs) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) continue;
    text += (text.empty() ? "" : ";") + pair[0].get<std::string>() + '=' + pair[1].get<std::string>();
  }
  return text;
}

}  // namespace

std::string to_cache_text(const cni::Attachment& attachment, const CachedResult& cached) {
  ordered_json json{{"kind", kind},
                    {"containerId", attachment.container},
                    {"config", text::base64(cached.configuration)},
                    {"ifName", attachment.interface},
                    {"networkName", attachment.network}};
  if (!cached.args.empty()) json["cniArgs"] = args_json(cached.args);
  if (!cached.capability_args.empty()) json["capabilityArgs"] = ordered_json::parse(cached.capability_args);
  json["result"] = ordered_json::parse(cached.result);
  return json.dump();
}

std::optional<CachedResult> find_cached_result(const std::string& text) {
  const auto json = ordered_json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("result") || !json["result"].is_object()) return std::nullopt;
  if (!json.contains("kind") || json["kind"] != kind) return std::nullopt;
  CachedResult cached{.result = json["result"].dump()};
  if (json.contains("cniArgs")) cached.args = args_text(json["cniArgs"]);
  if (json.contains("capabilityArgs") && json["capabilityArgs"].is_object())
    cached.capability_args = json["capabilityArgs"].dump();
  return cached;
}

std::string cache_path(const std::string& folder, const cni::Attachment& attachment) {
  return folder + "/results/" + attachment.network + '-' + attachment.container + '-' + attachment.interface;
}

std::optional<CachedResult> read_cache(const std::string& folder, const cni::Attachment& attachment) {
  constexpr std::size_t max_bytes = std::size_t{4} << 20U;
  const auto text = posix::find_content(AT_FDCWD, cache_path(folder, attachment), max_bytes);
  return text ? find_cached_result(*text) : std::nullopt;
}

void write_cache(const std::string& folder, const cni::Attachment& attachment, const CachedResult& cached) {
  constexpr mode_t private_folder = 0700;
  posix::create_folder(folder + "/results", private_folder);
  posix::replace_file(cache_path(folder, attachment), to_cache_text(attachment, cached));
}

bool remove_from_cache(const std::string& folder, const cni::Attachment& attachment) {
  return posix::remove_file(cache_path(folder, attachment));
}

}  // namespace runtime
