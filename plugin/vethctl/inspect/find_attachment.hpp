#pragma once

#include "plugin/vethctl/inspect/node.hpp"

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// Finds attachments by the words of a command line.
namespace inspect {

/// "network/container/interface": the name of an attachment on the command line and in messages.
std::string name_of(const cni::Attachment& identity);
std::string name_of(const Attachment& attachment);

/// Two paths with the same values name the same network namespace.
struct NamespaceId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  auto operator<=>(const NamespaceId&) const = default;
};

/// nullopt if the path does not exist.
using NamespaceIdOf = std::function<std::optional<NamespaceId>(const std::string& path)>;
std::optional<NamespaceId> find_namespace_id(const std::string& path);

using Candidates = std::vector<const Attachment*>;

/// The attachments that the word names. The first of these with a match decides: NETWORK/CONTAINER/INTERFACE or
/// CONTAINER/INTERFACE; the container; an interface of the host, or an end as NAMESPACE:INTERFACE; an address of either
/// end; the name, the path or a process ID of the namespace of either end; last, the network or the beginning of the
/// container.
Candidates find_attachments(const std::vector<Attachment>& attachments, const std::string& word,
                            const NamespaceIdOf& id_of = find_namespace_id);

/// Whether the candidates belong to several containers of which none has the word as its whole name: the word is the
/// beginning of several names.
bool is_common_beginning(const Candidates& found, const std::string& word);

/// Attachments with a name that is similar to the word or contains it.
Candidates find_similar(const std::vector<Attachment>& attachments, const std::string& word);

}  // namespace inspect
