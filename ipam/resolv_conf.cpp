#include "ipam/resolv_conf.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ipam {
namespace {

constexpr std::string_view white_space = " \t\r\f\v";
constexpr std::size_t max_file_bytes = 1U << 20U;

/// Removes the first word of `text` and returns it; empty at the end.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(white_space), text.size()));
  const auto word = text.substr(0, text.find_first_of(white_space));
  text.remove_prefix(word.size());
  return word;
}

void append_words(std::vector<std::string>& list, std::string_view text) {
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) list.emplace_back(word);
}

void read_line(cni::Dns& dns, std::string_view line) {
  const auto key = take_word(line);
  if (key.starts_with('#') || key.starts_with(';')) return;
  if (key == "search") return append_words(dns.search, line);
  if (key == "options") return append_words(dns.options, line);
  const auto value = take_word(line);
  if (value.empty()) return;
  if (key == "nameserver") dns.nameservers.emplace_back(value);
  if (key == "domain") dns.domain = value;
}

[[noreturn]] void reject_file(const std::string& path, const std::string& fault) {
  throw cni::Error{cni::ErrorCode::invalid_config, "/ipam/resolvConf: " + text::quoted(path) + " " + fault};
}

/// Follows symbolic links, because /etc/resolv.conf often is one. O_NONBLOCK prevents that opening a FIFO blocks.
std::string content_of(const std::string& path) {
  const auto file = posix::find_file(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
  if (!file) reject_file(path, "does not exist");
  struct stat status {};
  if (::fstat(file->get(), &status) < 0) posix::throw_errno("stat " + text::quoted(path));
  if (!S_ISREG(status.st_mode)) reject_file(path, "is not a regular file");
  constexpr std::chrono::milliseconds timeout{1000};
  return posix::read_to_end(file->get(), max_file_bytes, timeout);
}

}  // namespace

cni::Dns parse_resolv_conf(std::string_view text) {
  cni::Dns dns;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    read_line(dns, line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return dns;
}

cni::Lease lease_without_addresses(const cni::IpamConfig& config) {
  cni::Dns dns = config.resolv_conf ? parse_resolv_conf(content_of(*config.resolv_conf)) : config.dns;
  return {.addresses = {}, .routes = config.routes, .dns = std::move(dns)};
}

}  // namespace ipam
