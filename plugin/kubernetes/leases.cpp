#include "plugin/kubernetes/leases.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/json_member.hpp"
#include "plugin/cni/json_writer.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace kubernetes {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kind_label = "veth-cni";
constexpr auto pool_label = "veth-cni-pool";
constexpr auto key_annotation = "veth-cni/key";
constexpr auto value_annotation = "veth-cni/value";

struct EntryKind {
  std::string_view prefix;  ///< of keys
  std::string_view name;    ///< label, and beginning of the name of the Lease
};

constexpr std::array kinds{EntryKind{"nodes/", "node"}, EntryKind{"pools/", "pool"}, EntryKind{"blocks/", "block"}};

[[noreturn]] void throw_unexpected(std::string_view text) {
  throw cni::Error{cni::ErrorCode::decoding_failure, "the API server sent an unexpected answer", text::quoted(text)};
}

const EntryKind& kind_of(const std::string& key) {
  const auto found = std::ranges::find_if(kinds, [&](const EntryKind& kind) { return key.starts_with(kind.prefix); });
  if (found == kinds.end())
    throw cni::Error{cni::ErrorCode::invalid_config, text::quoted(key) + " is no key of an entry"};
  return *found;
}

/// RFC 1123, as the API demands.
bool is_subdomain(std::string_view name) {
  constexpr std::size_t max_length = 253;
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  return name.size() <= max_length && name.find_first_not_of(allowed) == std::string_view::npos && !name.empty() &&
         letters.find(name.back()) != std::string_view::npos;
}

/// "POOL" of "blocks/POOL/0000a3"; empty for other keys.
std::string pool_of(const std::string& key) {
  constexpr std::string_view prefix = "blocks/";
  if (!key.starts_with(prefix)) return {};
  return key.substr(prefix.size(), key.rfind('/') - prefix.size());
}

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string string_in(const Json& value, const char* name) {
  const auto* member = cni::find_member(value, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string{};
}

const Json& object_in(const Json& value, const char* name) {
  static const Json none = Json::object();
  const auto* member = cni::find_member(value, name);
  return member == nullptr ? none : *member;
}

Json parse_object(std::string_view text) {
  auto value = parse(text);
  if (!value.is_object()) throw_unexpected(text);
  return value;
}

std::optional<cluster::Item> item_of(const Json& lease) {
  const auto& metadata = object_in(lease, "metadata");
  const auto& annotations = object_in(metadata, "annotations");
  cluster::Item item{.key = string_in(annotations, key_annotation),
                     .value = string_in(annotations, value_annotation),
                     .revision = string_in(metadata, "resourceVersion")};
  if (item.key.empty() || item.revision.empty()) return std::nullopt;
  return item;
}

void write_owner(cni::JsonWriter& json, const NodeReference& owner) {
  json.key("ownerReferences");
  json.begin_array();
  json.begin_object();
  json.member("apiVersion", "v1");
  json.member("kind", "Node");
  json.member("name", owner.name);
  json.member("uid", owner.uid);
  json.end_object();
  json.end_array();
}

void write_metadata(cni::JsonWriter& json, const WrittenLease& lease) {
  const auto& item = lease.item;
  json.key("metadata");
  json.begin_object();
  json.member("name", lease_name(item.key));
  json.member("namespace", lease.api_namespace);
  if (!item.revision.empty()) json.member("resourceVersion", item.revision);
  json.key("labels");
  json.begin_object();
  json.member(kind_label, kind_of(item.key).name);
  if (const auto pool = pool_of(item.key); !pool.empty()) json.member(pool_label, pool);
  json.end_object();
  json.key("annotations");
  json.begin_object();
  json.member(key_annotation, item.key);
  json.member(value_annotation, item.value);
  json.end_object();
  if (lease.owner) write_owner(json, *lease.owner);
  json.end_object();
}

LeaseEvent failed_event(const Json& status) {
  const auto* code = cni::find_member(status, "code");
  const bool is_expired = code != nullptr && code->is_number_integer() && *code == gone_status;
  return {.kind = is_expired ? LeaseEvent::Kind::expired : LeaseEvent::Kind::failed,
          .reason = text::printable(string_in(status, "message"))};
}

}  // namespace

std::string lease_name(const std::string& key) {
  const auto& kind = kind_of(key);
  auto rest = key.substr(kind.prefix.size());
  std::ranges::replace(rest, '/', '-');
  auto name = std::string{kind.name} + '-' + rest;
  if (is_subdomain(name)) return name;
  throw cni::Error{cni::ErrorCode::invalid_config,
                   text::quoted(rest) +
                       " cannot be a name in Kubernetes: only lower case letters, digits, '-' and '.' "
                       "are allowed"};
}

std::string leases_path(const std::string& api_namespace, const std::string& name) {
  return "/apis/coordination.k8s.io/v1/namespaces/" + api_namespace + "/leases" + (name.empty() ? "" : '/' + name);
}

std::string selector(const std::string& prefix) {
  const std::string parameter = "labelSelector=";
  if (prefix.empty()) return parameter + kind_label;
  const auto by_kind = parameter + kind_label + "%3D" + std::string{kind_of(prefix).name};
  const auto pool = pool_of(prefix);
  return pool.empty() ? by_kind : by_kind + "%2C" + pool_label + "%3D" + pool;
}

std::string to_json(const WrittenLease& lease) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("apiVersion", "coordination.k8s.io/v1");
  json.member("kind", "Lease");
  write_metadata(json, lease);
  json.key("spec");
  json.begin_object();
  json.end_object();
  json.end_object();
  return json.text();
}

std::string delete_options(const std::string& revision) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("apiVersion", "v1");
  json.member("kind", "DeleteOptions");
  json.key("preconditions");
  json.begin_object();
  json.member("resourceVersion", revision);
  json.end_object();
  json.end_object();
  return json.text();
}

std::optional<cluster::Item> read_lease(std::string_view text) {
  const auto value = parse_object(text);
  if (!object_in(value, "metadata").contains("resourceVersion")) throw_unexpected(text);
  return item_of(value);
}

LeasePage read_lease_list(std::string_view text) {
  const auto value = parse_object(text);
  const auto& metadata = object_in(value, "metadata");
  LeasePage page{.revision = string_in(metadata, "resourceVersion"), .next = string_in(metadata, "continue")};
  const auto* items = cni::find_member(value, "items");
  const bool is_list = items != nullptr && items->is_array() && !page.revision.empty();
  if (!is_list) throw_unexpected(text);
  for (const auto& lease : *items) {
    if (auto item = item_of(lease)) page.items.push_back(*std::move(item));
  }
  return page;
}

LeaseEvent read_lease_event(std::string_view text) {
  const auto value = parse_object(text);
  const auto type = string_in(value, "type");
  const auto& object = object_in(value, "object");
  if (type == "ERROR") return failed_event(object);
  LeaseEvent event{.revision = string_in(object_in(object, "metadata"), "resourceVersion")};
  if (event.revision.empty()) throw_unexpected(text);
  if (type == "BOOKMARK") return event;
  if (type != "ADDED" && type != "MODIFIED" && type != "DELETED") throw_unexpected(text);
  event.item = item_of(object);
  if (!event.item) return event;
  event.kind = type == "DELETED" ? LeaseEvent::Kind::removed : LeaseEvent::Kind::changed;
  if (event.kind == LeaseEvent::Kind::removed) event.item->value.clear();
  return event;
}

ApiFailure read_api_failure(std::string_view text) {
  const auto value = parse(text);
  ApiFailure failure{.reason = string_in(value, "reason"), .message = text::printable(string_in(value, "message"))};
  if (failure.message.empty()) failure.message = text::printable(text);
  return failure;
}

NodeObject read_node_object(std::string_view text) {
  const auto value = parse_object(text);
  const auto& metadata = object_in(value, "metadata");
  NodeObject node{.reference = {.name = string_in(metadata, "name"), .uid = string_in(metadata, "uid")}};
  if (node.reference.uid.empty()) throw_unexpected(text);
  for (const auto& network : object_in(object_in(value, "spec"), "podCIDRs")) {
    if (network.is_string()) node.pod_networks.push_back(network.get<std::string>());
  }
  for (const auto& address : object_in(object_in(value, "status"), "addresses")) {
    if (string_in(address, "type") == "InternalIP") node.addresses.push_back(string_in(address, "address"));
  }
  return node;
}

}  // namespace kubernetes
