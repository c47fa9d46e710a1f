#include "plugin/state/ovs.hpp"

#include "plugin/state/directory_reader.hpp"
#include "plugin/state/layout.hpp"

#include <algorithm>

namespace state {
namespace {

std::string databases_directory() { return std::string{ovs_name} + "/databases"; }
std::string orphans_directory() { return std::string{ovs_name} + "/orphans"; }

std::string mark_of(const std::string& socket) {
  return databases_directory() + '/' + cni::to_string(cni::tag_of_network(socket));
}

std::string orphan_of(cni::Tag tag) { return orphans_directory() + '/' + cni::to_string(tag); }

}  // namespace

bool Ovs::is_clean(const std::string& socket) const { return directory_->symlink_target(mark_of(socket)) == socket; }

void Ovs::mark_clean(const std::string& socket) { directory_->replace_symlink(socket, mark_of(socket)); }

std::vector<std::string> Ovs::databases() const {
  std::vector<std::string> sockets;
  const auto opened = directory_->find_directory(databases_directory());
  if (!opened) return sockets;
  for (const auto& name : names_in(opened->get())) {
    auto socket = directory_->symlink_target(databases_directory() + '/' + name);
    if (socket && !socket->empty()) sockets.push_back(*std::move(socket));
  }
  std::ranges::sort(sockets);
  return sockets;
}

void Ovs::add_orphan(const OrphanedPort& port) { directory_->replace_symlink(port.socket, orphan_of(port.tag)); }

/// The empty directory is removed too, so that orphans() takes one system call.
void Ovs::remove_orphan(cni::Tag tag) {
  if (directory_->remove(orphan_of(tag))) directory_->remove_if_empty(orphans_directory());
}

bool Ovs::has_orphan(cni::Tag tag) const { return directory_->exists(orphan_of(tag)); }

std::vector<OrphanedPort> Ovs::orphans() const {
  std::vector<OrphanedPort> ports;
  const auto opened = directory_->find_directory(orphans_directory());
  if (!opened) return ports;
  for (const auto& name : names_in(opened->get())) {
    const auto tag = cni::find_tag(name);
    auto socket = directory_->symlink_target(orphans_directory() + '/' + name);
    if (tag && socket && !socket->empty()) ports.push_back({*tag, *std::move(socket)});
  }
  std::ranges::sort(ports, {}, &OrphanedPort::tag);
  return ports;
}

}  // namespace state
