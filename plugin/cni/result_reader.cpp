#include "plugin/cni/result_reader.hpp"

#include "plugin/cni/error.hpp"
#include "plugin/cni/lease_reader.hpp"
#include "plugin/text/quoted.hpp"

#include <limits>

namespace cni {
namespace {

constexpr std::uint32_t max_number = std::numeric_limits<std::uint32_t>::max();

Interface read_interface(const JsonValue& value) {
  JsonObject object = value.as_object();
  Interface interface {
    .name = object.string_or("name", ""), .mac = object.string_or("mac", ""),
    .sandbox = object.string_or("sandbox", ""), .socket_path = object.string_or("socketPath", ""),
    .pci_id = object.string_or("pciID", "")
  };
  if (const auto mtu = object.find("mtu")) interface.mtu = static_cast<std::uint32_t>(mtu->as_unsigned(0, max_number));
  return interface;
}

ResultAddress read_address(const JsonValue& value) {
  JsonObject object = value.as_object();
  ResultAddress address{.interface = std::nullopt,
                        .address = object.require("address").as_prefix(),
                        .gateway = find_address(object, "gateway")};
  if (const auto index = object.find("interface")) {
    address.interface = static_cast<std::uint32_t>(index->as_unsigned(0, max_number));
  }
  return address;
}

// Drops an index that is out of range: once interfaces are appended it would refer to one of them.
void drop_dangling_index(ResultAddress& address, const std::vector<Interface>& interfaces) {
  if (address.interface && *address.interface >= interfaces.size()) address.interface.reset();
}

// "ip4" or "ip6" of 0.1.0 and 0.2.0.
void read_ip_configuration(JsonObject& result, std::string_view key, Result& into) {
  const auto value = result.find(key);
  if (!value) return;
  JsonObject object = value->as_object();
  into.addresses.push_back({.interface = std::nullopt,
                            .address = object.require("ip").as_prefix(),
                            .gateway = find_address(object, "gateway")});
  const std::vector<Route> routes = read_routes(object, "routes", UnknownKeys::accept);
  into.routes.insert(into.routes.end(), routes.begin(), routes.end());
}

Result read_old_form(JsonObject& object) {
  Result result;
  read_ip_configuration(object, "ip4", result);
  read_ip_configuration(object, "ip6", result);
  return result;
}

// The form since 0.3.0. ips[].version of 0.3 and 0.4 is not read: it follows from the address.
Result read_new_form(JsonObject& object) {
  Result result;
  for (const JsonValue& value : read_elements(object, "interfaces")) result.interfaces.push_back(read_interface(value));
  for (const JsonValue& value : read_elements(object, "ips")) {
    result.addresses.push_back(read_address(value));
    drop_dangling_index(result.addresses.back(), result.interfaces);
  }
  result.routes = read_routes(object, "routes", UnknownKeys::accept);
  return result;
}

}  // namespace

Version read_result_version(JsonObject& result, Version assumed) {
  const std::string name = result.string_or("cniVersion", "");
  if (name.empty()) return assumed;
  if (const auto version = find_version(name)) return *version;
  throw Error(ErrorCode::decoding_failure, "unsupported CNI result version " + text::quoted(name));
}

Result read_result(JsonObject& result, Version version) {
  Result read = version < Version::v0_3_0 ? read_old_form(result) : read_new_form(result);
  read.dns = read_dns(result, "dns");
  return read;
}

}  // namespace cni
