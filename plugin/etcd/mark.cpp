#include "plugin/etcd/mark.hpp"

#include "plugin/text/hash.hpp"

#include <charconv>

namespace etcd {

Mark mark_of(const cluster::Item& item) {
  const auto revision = parse_mark(item.revision).revision;
  return {.revision = revision, .hash = text::fnv1a(item.key + '\n' + item.value)};
}

std::string to_string(const Mark& mark) {
  const auto number = std::to_string(mark.revision);
  return mark.hash == 0 ? number : number + '/' + std::to_string(mark.hash);
}

Mark parse_mark(const std::string& text) {
  Mark mark;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, mark.revision);
  if (error == std::errc{} && rest != end && *rest == '/') std::from_chars(rest + 1, end, mark.hash);
  return mark;
}

}  // namespace etcd
