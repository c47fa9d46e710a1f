#include "integration/benchmark/recorded_attachments.hpp"

#include "plugin/state/folder.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

namespace benchmark {
namespace {

constexpr std::uint32_t first_unused_ifindex = 1'000'000;

void replace_all(std::string& text, const std::string& old_text, const std::string& new_text) {
  for (auto found = text.find(old_text); found != std::string::npos; found = text.find(old_text, found)) {
    text.replace(found, old_text.size(), new_text);
    found += new_text.size();
  }
}

/// The record with the names, MACs and addresses that the attachment of this number has.
state::Record copy_of(const state::Record& original, int number) {
  state::Record copy = original;
  const auto name = "stale-" + std::to_string(number);
  copy.attachment.container = name;
  copy.netns = "/run/netns/" + name;
  const auto old_tag = cni::tag_of(original.attachment);
  const auto tag = cni::tag_of(copy.attachment);
  copy.host_interface = state::HostInterface{.name = cni::host_interface_name(tag)};
  std::vector<std::pair<std::string, std::string>> changes{
      {original.attachment.container, name},
      {cni::host_interface_name(old_tag), cni::host_interface_name(tag)},
      {cni::to_string(cni::host_mac(old_tag)), cni::to_string(cni::host_mac(tag))},
      {cni::to_string(cni::container_mac(old_tag)), cni::to_string(cni::container_mac(tag))}};
  for (auto& address : copy.addresses) {
    const auto old_address = cni::to_string(address);
    address.bits += static_cast<unsigned>(number);
    changes.emplace_back(old_address, cni::to_string(address));
  }
  for (const auto& [old_text, new_text] : changes) replace_all(copy.wiring, old_text, new_text);
  return copy;
}

/// What the state folder contains about one attachment.
struct Original {
  state::Record record;
  std::vector<state::GatewayClaim> claims;
};

Original read_original(Attachment& attachment) {
  attachment.add();
  const auto folder = state::Folder::open();
  const auto& target = attachment.target();
  const auto stored = folder.records.find({network_of(attachment.subject()), target.id, target.interface});
  if (!stored || !stored->record) throw std::runtime_error("container " + target.id + " has no record");
  return {*stored->record, folder.gateways.claims()};
}

void write_copy(const Original& original, int number, state::Folder& folder) {
  const auto copy = copy_of(original.record, number);
  const auto tag = cni::tag_of(copy.attachment);
  const auto index = first_unused_ifindex + static_cast<std::uint32_t>(number);
  folder.records.write_pending(copy);
  for (const auto& address : copy.addresses) folder.addresses.take(copy.attachment.network, address, tag);
  for (const auto& claim : original.claims) folder.gateways.claim(claim.gateway, tag);
  folder.records.mark_live(copy.attachment, {.host = index, .container = index});
}

}  // namespace

void add_stale_records(Node& node, const Subject& subject, int amount) {
  Attachment attachment{subject, node.new_container()};
  const auto original = read_original(attachment);
  auto folder = state::Folder::open();
  for (int number = 1; number <= amount; ++number) write_copy(original, number, folder);
  attachment.del();
}

void damage_records(const Node& node, const Subject& subject) {
  node.host().enter();
  const auto folder = std::filesystem::path{state::Folder::open().path()} / network_of(subject) / "live";
  for (const auto& entry : std::filesystem::directory_iterator{folder}) std::filesystem::resize_file(entry.path(), 10);
}

}  // namespace benchmark
