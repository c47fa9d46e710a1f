#include "plugin/kubernetes/credentials.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/kubernetes/yaml.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/text/base64.hpp"
#include "plugin/text/quoted.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <chrono>
#include <cstdlib>
#include <optional>

namespace kubernetes {
namespace {

using Json = nlohmann::ordered_json;

std::string read_file(const std::string& path) {
  constexpr std::size_t limit = std::size_t{1} << 20U;
  constexpr std::chrono::seconds timeout{5};
  const auto file = posix::open_file(AT_FDCWD, path, O_RDONLY | O_NONBLOCK);  // mounted secrets are links
  return posix::read_to_end(file.get(), limit, timeout);
}

std::string without_newline(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

[[noreturn]] void reject(const std::string& reason) {
  throw cni::Error{cni::ErrorCode::invalid_config, "invalid kubeconfig: " + reason};
}

const Json* find(const Json& value, const std::string& name) {
  if (!value.is_object()) return nullptr;
  const auto member = value.find(name);
  return member == value.end() ? nullptr : &*member;
}

std::string string_in(const Json& value, const std::string& name) {
  const auto* member = find(value, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string{};
}

/// The member `kind` of the element of the list `kind`s with this name.
const Json& named(const Json& config, const std::string& kind, const std::string& name) {
  const auto* list = find(config, kind + 's');
  if (list != nullptr && list->is_array()) {
    for (const auto& element : *list) {
      const auto* found = find(element, kind);
      if (string_in(element, "name") == name && found != nullptr) return *found;
    }
  }
  reject("there is no " + kind + ' ' + text::quoted(name));
}

/// "NAME-data" in base64, or else the file "NAME".
std::string data_of(const Json& value, const std::string& name) {
  if (const auto file = string_in(value, name); !file.empty()) return read_file(file);
  const auto bytes = text::find_base64(string_in(value, name + "-data"));
  if (!bytes) reject(name + "-data is not base64");
  return *bytes;
}

http::Endpoint server_of(const Json& cluster) try {
  return http::read_endpoint(string_in(cluster, "server"));
} catch (const cni::Error& error) {
  reject("server " + error.message);
}

}  // namespace

Credentials read_service_account(const std::string& folder) {
  const auto* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const auto* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr) {
    throw cni::Error{cni::ErrorCode::invalid_config, "KUBERNETES_SERVICE_HOST is not set: this is not a pod",
                     R"(set "kubeconfig" in the object "store")"};
  }
  const std::string address{host};
  const bool is_ipv6 = address.find(':') != std::string::npos;
  return {.server = http::read_endpoint("https://" + (is_ipv6 ? '[' + address + ']' : address) + ':' + port),
          .tls = {.ca = read_file(folder + "/ca.crt")},
          .token = without_newline(read_file(folder + "/token"))};
}

Credentials parse_kubeconfig(std::string_view text) {
  const auto config = parse_yaml(text);
  const auto& context = named(config, "context", string_in(config, "current-context"));
  const auto& cluster = named(config, "cluster", string_in(context, "cluster"));
  const auto& user = named(config, "user", string_in(context, "user"));
  return {.server = server_of(cluster),
          .tls = {.ca = data_of(cluster, "certificate-authority"),
                  .certificate = data_of(user, "client-certificate"),
                  .key = data_of(user, "client-key"),
                  .server_name = string_in(cluster, "tls-server-name")},
          .token = string_in(user, "token")};
}

}  // namespace kubernetes
