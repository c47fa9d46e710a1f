#include "plugin/etcd/requests.hpp"

#include "plugin/cni/json_writer.hpp"
#include "plugin/text/base64.hpp"

namespace etcd {
namespace {

void write_bytes(cni::JsonWriter& json, std::string_view name, std::string_view bytes) {
  json.member(name, text::base64(bytes));
}

/// The members of a request for the keys in [first, end).
void write_range(cni::JsonWriter& json, std::string_view first, std::string_view end, std::size_t limit) {
  write_bytes(json, "key", first);
  if (!end.empty()) write_bytes(json, "range_end", end);
  if (limit > 0) json.member("limit", std::to_string(limit));
}

/// {"NAME":{...}}: an element of a oneof.
template <class Write>
void write_operation(cni::JsonWriter& json, std::string_view name, const Write& write) {
  json.begin_object();
  json.key(name);
  json.begin_object();
  write();
  json.end_object();
  json.end_object();
}

void write_put(cni::JsonWriter& json, std::string_view key, std::string_view value) {
  write_operation(json, "request_put", [&] {
    write_bytes(json, "key", key);
    write_bytes(json, "value", value);
  });
}

/// [{...}]: the only condition.
void write_condition(cni::JsonWriter& json, std::string_view key, std::string_view target, std::string_view revision) {
  json.key("compare");
  json.begin_array();
  json.begin_object();
  write_bytes(json, "key", key);
  json.member("target", target == "create_revision" ? "CREATE" : "MOD");
  json.member(target, revision);
  json.member("result", "EQUAL");
  json.end_object();
  json.end_array();
}

/// The folder of a key, with its slash.
std::string_view folder_of(std::string_view key) { return key.substr(0, key.rfind('/') + 1); }

template <class Write>
std::string change_of(std::string_view key, std::string_view revision, const Write& write) {
  cni::JsonWriter json{0};
  json.begin_object();
  write_condition(json, key, "mod_revision", revision);
  json.key("success");
  json.begin_array();
  write(json);
  json.end_array();
  json.end_object();
  return json.text();
}

}  // namespace

std::string end_of(std::string_view prefix) {
  std::string end{prefix};
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::string{'\0'};  // all keys
  end.back() = static_cast<char>(end.back() + 1);
  return end;
}

std::string list_page(const Page& page) {
  cni::JsonWriter json{0};
  json.begin_object();
  const auto first = page.after.empty() ? page.prefix : page.after + '\0';
  write_range(json, first, end_of(page.prefix), page.limit);
  if (page.revision != 0) json.member("revision", std::to_string(page.revision));
  json.end_object();
  return json.text();
}

std::string find_key(std::string_view key) {
  cni::JsonWriter json{0};
  json.begin_object();
  write_range(json, key, {}, 0);
  json.end_object();
  return json.text();
}

std::string create_key(std::string_view key, std::string_view value, std::size_t limit) {
  cni::JsonWriter json{0};
  json.begin_object();
  write_condition(json, key, "create_revision", "0");
  json.key("success");
  json.begin_array();
  write_put(json, key, value);
  json.end_array();
  json.key("failure");
  json.begin_array();
  write_operation(json, "request_range", [&] { write_range(json, key, {}, 0); });
  write_operation(json, "request_range", [&] {
    write_range(json, key, end_of(folder_of(key)), limit);
    json.key("keys_only");
    json.boolean(true);
  });
  json.end_array();
  json.end_object();
  return json.text();
}

std::string replace_key(std::string_view key, std::string_view value, std::string_view revision) {
  return change_of(key, revision, [&](cni::JsonWriter& json) { write_put(json, key, value); });
}

std::string remove_key(std::string_view key, std::string_view revision) {
  return change_of(key, revision, [&](cni::JsonWriter& json) {
    write_operation(json, "request_delete_range", [&] { write_range(json, key, {}, 0); });
  });
}

std::string watch_prefix(std::string_view prefix, std::int64_t first_revision) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.key("create_request");
  json.begin_object();
  write_range(json, prefix, end_of(prefix), 0);
  json.member("start_revision", std::to_string(first_revision));
  json.end_object();
  json.end_object();
  return json.text();
}

std::string authenticate(std::string_view user, std::string_view password) {
  cni::JsonWriter json{0};
  json.begin_object();
  json.member("name", user);
  json.member("password", password);
  json.end_object();
  return json.text();
}

}  // namespace etcd
