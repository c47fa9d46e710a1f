#include "plugin/kernel/reference_masquerade.hpp"

#include "plugin/text/sha512.hpp"

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

namespace kernel {
namespace {

std::string hash_of(const std::string& text, std::size_t digits) { return text::sha512_hex(text).substr(0, digits); }

}  // namespace

/// The chain of MACs is listed before the chain that jumps to it: it is deleted first, after that jump.
ReferenceRules interface_rules_of_reference(const cni::Attachment& attachment) {
  constexpr std::size_t chain_digits = 24;
  constexpr std::size_t comment_digits = 16;
  const auto& [network, container, interface] = attachment;
  const auto port_chain = "cni-br-iface-" + container + '-' + interface;
  const auto comment = hash_of(network, comment_digits) + '-' + hash_of(interface + ':' + container, comment_digits);
  return {.chains = {"CNI-" + hash_of(network + container, chain_digits), port_chain + "-mac", port_chain},
          .commented = {{ReferenceFamily::inet, "cni_plugins_masquerade", comment, true}}};
}

void remove_interface_rules_of_reference(const cni::Attachment& attachment) try {
  NftSession session;
  remove(interface_rules_of_reference(attachment), session);
} catch (const std::system_error& error) {
  if (error.code().value() != EPROTONOSUPPORT) throw;
}

}  // namespace kernel
