#include "plugin/verbs/sysctl_permission.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/joined.hpp"
#include "plugin/text/quoted.hpp"

#include <fcntl.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace verbs {
namespace {

constexpr std::size_t largest_list = std::size_t{1} << 20U;

/// A POSIX extended regular expression.
class Expression {
 public:
  /// `origin` is the file that contains it.
  Expression(const std::string& text, const std::string& origin) {
    const int error = ::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) return;
    std::array<char, 256> reason{};
    ::regerror(error, &compiled_, reason.data(), reason.size());
    throw cni::Error{cni::ErrorCode::invalid_config, origin + ": " + text::quoted(text) + ": " + reason.data()};
  }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;
  ~Expression() { ::regfree(&compiled_); }

  bool is_found_in(const std::string& text) const { return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }

 private:
  regex_t compiled_{};
};

/// The allow list of the node.
struct AllowList {
  std::string path;
  std::optional<std::vector<std::string>> lines;  ///< nullopt: the file does not exist
};

std::string trimmed(std::string_view line) {
  constexpr auto spaces = " \t\r";
  const auto first = line.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return std::string{line.substr(first, line.find_last_not_of(spaces) - first + 1)};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    if (auto expression = trimmed(line); !expression.empty()) lines.push_back(std::move(expression));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

AllowList read_list(const std::string& path) {
  const auto text = posix::find_content(AT_FDCWD, path, largest_list);
  return {.path = path, .lines = text ? std::optional{lines_of(*text)} : std::nullopt};
}

bool is_allowed(const cni::Sysctl& sysctl, const AllowList& list) {
  if (!list.lines) return cni::is_default_sysctl(sysctl.path);
  return std::ranges::any_of(*list.lines, [&](const std::string& line) {
    return Expression{line, list.path}.is_found_in(sysctl.key);
  });
}

std::string explanation(const AllowList& list) {
  if (list.lines) return list.path + " allows: " + text::joined(*list.lines, ", ");
  return "allowed: " + text::joined(cni::default_sysctls(), ", ") + ". To allow others, create " + list.path +
         ", which replaces this list, with one regular expression per line";
}

void require_allowed_by(const AllowList& list, const std::vector<cni::Sysctl>& sysctls) {
  for (const auto& sysctl : sysctls) {
    if (is_allowed(sysctl, list)) continue;
    throw cni::Error{cni::ErrorCode::invalid_config, "/sysctl: " + text::quoted(sysctl.key) + " is not allowed",
                     explanation(list)};
  }
}

}  // namespace

void require_allowed(const std::vector<cni::Sysctl>& sysctls, const std::string& allow_list) {
  if (!sysctls.empty()) require_allowed_by(read_list(allow_list), sysctls);
}

void require_allowed_if_listed(const std::vector<cni::Sysctl>& sysctls, const std::string& allow_list) {
  if (sysctls.empty()) return;
  const auto list = read_list(allow_list);
  if (list.lines) require_allowed_by(list, sysctls);
}

}  // namespace verbs
