#pragma once

#include "plugin/cni/attachment.hpp"

#include <optional>
#include <string>

// The results of ADD, kept for CHECK and DEL in the files and the format of libcni, so that cnitool and CRI-O find
// those of vethctl, and vethctl theirs.
namespace runtime {

constexpr const char* default_cache_folder = "/var/lib/cni";

struct CachedResult {
  std::string result{};           ///< JSON
  std::string configuration{};    ///< of the list, JSON
  std::string args{};             ///< CNI_ARGS
  std::string capability_args{};  ///< JSON object; empty: none

  bool operator==(const CachedResult&) const = default;
};

/// The content of a file of the cache: an object of kind "cniCacheV1".
std::string to_cache_text(const cni::Attachment& attachment, const CachedResult& cached);

/// nullopt if the text is not of this kind. The configuration is not read.
std::optional<CachedResult> find_cached_result(const std::string& text);

/// FOLDER/results/NETWORK-CONTAINER-INTERFACE
std::string cache_path(const std::string& folder, const cni::Attachment& attachment);

/// nullopt if there is none. Throws std::system_error.
std::optional<CachedResult> read_cache(const std::string& folder, const cni::Attachment& attachment);

/// Throws std::system_error.
void write_cache(const std::string& folder, const cni::Attachment& attachment, const CachedResult& cached);

/// False if there was none. Throws std::system_error.
bool remove_from_cache(const std::string& folder, const cni::Attachment& attachment);

}  // namespace runtime
