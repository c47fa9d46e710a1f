#include "plugin/vethctl/live_names.hpp"

#include "plugin/kernel/interface_names.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/state/directory_reader.hpp"
#include "plugin/vethctl/inspect/configurations.hpp"
#include "plugin/vethctl/inspect/find_attachment.hpp"
#include "plugin/vethctl/inspect/folders.hpp"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <iterator>

namespace vethctl {
namespace {

using Names = std::vector<std::string>;

/// The names of ip-netns(8).
Names namespaces() {
  const auto folder = posix::find_file(AT_FDCWD, "/run/netns", O_RDONLY | O_DIRECTORY);
  return folder ? state::names_in(folder->get()) : Names{};
}

void append(Names& names, Names more) { std::ranges::move(more, std::back_inserter(names)); }

/// Calls `act` with the identity and the host interface of each attachment. Only the records are read: to query
/// the kernel about thousands of attachments takes too long during the typing of a word.
void for_each_record(const Console& console, const std::function<void(const state::Record&)>& act) {
  for (const auto& folder : inspect::open_folders(console.root, console.configurations)) {
    for (const auto& network : folder.records.networks()) {
      for (const auto& stored : folder.records.list(network)) {
        if (stored.record) act(*stored.record);
      }
    }
  }
}

Names attachments(const Console& console) {
  Names names;
  for_each_record(console, [&](const state::Record& record) {
    const auto& [network, container, interface] = record.attachment;
    append(names, {container, container + '/' + interface, inspect::name_of(record.attachment)});
    if (record.host_interface) names.push_back(record.host_interface->name);
  });
  return names;
}

Names networks(const Console& console) {
  Names names;
  for (const auto& folder : inspect::open_folders(console.root, console.configurations)) {
    append(names, folder.records.networks());
  }
  for (const auto& network : inspect::configured_networks(console.configurations)) names.push_back(network.name);
  return names;
}

Names interfaces(const Console& console) {
  auto names = kernel::interface_names();
  for_each_record(console, [&](const state::Record& record) { names.push_back(record.attachment.interface); });
  return names;
}

Names configurations(const Console& console) {
  return inspect::find_configurations(console.configurations).value_or(Names{});
}

/// Each part is read separately: one that fails does not hide the others.
Names try_read(const std::function<Names()>& read) try { return read(); } catch (const std::exception&) {
  return {};
}

Names ends(const Console& console) {
  auto names = try_read(namespaces);
  names.emplace_back("host");
  for (const auto& bridge : try_read([] { return kernel::interface_names("bridge"); })) {
    names.push_back("bridge:" + bridge);
  }
  append(names, try_read([&] { return attachments(console); }));
  return names;
}

Names read_names(NameKind kind, const Console& console) {
  switch (kind) {
    case NameKind::network:
      return networks(console);
    case NameKind::netns:
      return namespaces();
    case NameKind::attachment:
      return attachments(console);
    case NameKind::end:
      return ends(console);
    case NameKind::interface:
      return interfaces(console);
    case NameKind::configuration:
      return configurations(console);
  }
  return {};
}

}  // namespace

NameSource live_names(const Console& console) {
  return [&console](NameKind kind) { return try_read([&] { return read_names(kind, console); }); };
}

}  // namespace vethctl
