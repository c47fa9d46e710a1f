#include "plugin/vethctl/inspect/find_attachment.hpp"

#include "plugin/cni/key_spelling.hpp"
#include "plugin/vethctl/inspect/read_node.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace inspect {
namespace {

Candidates candidates(const std::vector<Attachment>& attachments, const auto& is_match) {
  Candidates found;
  for (const auto& attachment : attachments) {
    if (is_match(attachment)) found.push_back(&attachment);
  }
  return found;
}

/// With or without a prefix length or the brackets of a URL.
std::optional<cni::IpAddress> address_of(std::string_view word) {
  if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  if (const auto prefix = cni::find_prefix(word)) return prefix->address;
  return cni::find_address(word);
}

bool has_address(const Attachment& attachment, const cni::IpAddress& address) {
  const auto has = [&](const std::vector<cni::Prefix>& prefixes) {
    return std::ranges::find(prefixes, address, &cni::Prefix::address) != prefixes.end();
  };
  return has(attachment.addresses) || has(attachment.peer_addresses);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The paths that the word may mean.
std::vector<std::string> paths_of(const std::string& word) {
  if (word == "host") return {host_namespace_path};
  if (word.find('/') != std::string::npos) return {word};
  std::vector<std::string> paths{"/run/netns/" + word, "/var/run/netns/" + word};
  if (is_number(word)) paths.push_back("/proc/" + word + "/ns/net");
  return paths;
}

/// Compares network namespaces by path and, since one may have several paths, by what the paths lead to.
class NamespaceMatch {
 public:
  NamespaceMatch(const std::string& word, const NamespaceIdOf& id_of) : paths_(paths_of(word)), id_of_(id_of) {
    for (const auto& path : paths_) {
      if (const auto id = id_of(path)) ids_.insert(*id);
    }
  }

  bool operator()(const std::string& path) const {
    if (path.empty()) return false;
    if (std::ranges::find(paths_, path) != paths_.end()) return true;
    const auto id = ids_.empty() ? std::nullopt : id_of_(path);
    return id && ids_.contains(*id);
  }

 private:
  std::vector<std::string> paths_;
  const NamespaceIdOf& id_of_;
  std::set<NamespaceId> ids_;
};

Candidates in_namespace(const std::vector<Attachment>& attachments, const std::string& word,
                        const NamespaceIdOf& id_of) {
  const NamespaceMatch is_same{word, id_of};
  return candidates(attachments, [&](const Attachment& attachment) {
    return is_same(attachment.netns) || is_same(attachment.peer_netns);
  });
}

/// `word` is NAMESPACE:INTERFACE or, for the container end, CONTAINER:INTERFACE.
Candidates with_end(const std::vector<Attachment>& attachments, const std::string& word, const NamespaceIdOf& id_of) {
  const auto colon = word.rfind(':');
  if (colon == std::string::npos) return {};
  const auto netns = word.substr(0, colon);
  const auto interface = word.substr(colon + 1);
  const NamespaceMatch is_same{netns, id_of};
  return candidates(attachments, [&](const Attachment& attachment) {
    const auto& identity = attachment.identity;
    if (identity.interface == interface && (identity.container == netns || is_same(attachment.netns))) return true;
    if (attachment.peer_netns.empty()) return netns == "host" && attachment.host_interface == interface;
    return attachment.peer_interface == interface && is_same(attachment.peer_netns);
  });
}

bool is_named(const Attachment& attachment, const std::string& word) {
  const auto& [network, container, interface] = attachment.identity;
  return word == name_of(attachment) || word == container + '/' + interface;
}

Candidates with_interface_or_end(const std::vector<Attachment>& attachments, const std::string& word,
                                 const NamespaceIdOf& id_of) {
  auto found = candidates(attachments, [&](const Attachment& attachment) { return attachment.host_interface == word; });
  return found.empty() ? with_end(attachments, word, id_of) : found;
}

Candidates with_address(const std::vector<Attachment>& attachments, const std::string& word) {
  const auto address = address_of(word);
  if (!address) return {};
  return candidates(attachments, [&](const Attachment& attachment) { return has_address(attachment, *address); });
}

Candidates in_network_or_beginning(const std::vector<Attachment>& attachments, const std::string& word) {
  return candidates(attachments, [&](const Attachment& attachment) {
    return attachment.identity.network == word || attachment.identity.container.starts_with(word);
  });
}

}  // namespace

std::string name_of(const cni::Attachment& identity) {
  return identity.network + '/' + identity.container + '/' + identity.interface;
}

std::string name_of(const Attachment& attachment) { return name_of(attachment.identity); }

std::optional<NamespaceId> find_namespace_id(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) < 0) return std::nullopt;
  return NamespaceId{.device = status.st_dev, .inode = status.st_ino};
}

Candidates find_attachments(const std::vector<Attachment>& attachments, const std::string& word,
                            const NamespaceIdOf& id_of) {
  if (word.empty()) return {};
  auto found = candidates(attachments, [&](const Attachment& attachment) { return is_named(attachment, word); });
  if (!found.empty()) return found;
  found = candidates(attachments, [&](const Attachment& each) { return each.identity.container == word; });
  if (found.empty()) found = with_interface_or_end(attachments, word, id_of);
  if (found.empty()) found = with_address(attachments, word);
  if (found.empty()) found = in_namespace(attachments, word, id_of);
  return found.empty() ? in_network_or_beginning(attachments, word) : found;
}

bool is_common_beginning(const Candidates& found, const std::string& word) {
  std::set<std::string> containers;
  for (const auto* attachment : found) containers.insert(attachment->identity.container);
  return containers.size() > 1 && !containers.contains(word) &&
         std::ranges::all_of(containers, [&](const std::string& container) { return container.starts_with(word); });
}

Candidates find_similar(const std::vector<Attachment>& attachments, const std::string& word) {
  constexpr std::size_t min_length = 3;
  const auto is_similar = [&](const std::string& name) {
    if (name.empty()) return false;
    return cni::is_misspelling(name, word) || (word.size() >= min_length && name.find(word) != std::string::npos);
  };
  return candidates(attachments, [&](const Attachment& attachment) {
    const auto& [network, container, interface] = attachment.identity;
    return is_similar(container) || is_similar(network) || is_similar(attachment.host_interface) ||
           is_similar(name_of(attachment));
  });
}

}  // namespace inspect
