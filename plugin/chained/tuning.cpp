#include "plugin/kernel/tuning.hpp"

#include "plugin/chained/request.hpp"
#include "plugin/chained/saved_settings.hpp"
#include "plugin/chained/serve.hpp"
#include "plugin/cni/chained_config.hpp"
#include "plugin/cni/error.hpp"
#include "plugin/kernel/interface_settings.hpp"
#include "plugin/posix/files.hpp"
#include "plugin/posix/process.hpp"
#include "plugin/posix/system_error.hpp"
#include "plugin/text/quoted.hpp"
#include "plugin/verbs/sysctl_permission.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

// The plugin tuning behind any plugin. What it changes is saved in a file before, and DEL restores it: the interface
// may be one of the host, which outlives the container.
namespace chained {
namespace {

constexpr const char* no_previous_of_tuning = "Required prevResult missing";

struct WantedTuning {
  wiring::InterfaceSettings interface {};
  std::vector<wiring::Sysctl> sysctls{};
  std::string file;  ///< of the saved settings
};

WantedTuning wanted_by(const cni::InterfaceTuning& config, const cni::Request& request) {
  auto with_sysctls = request;
  with_sysctls.config.tuning.sysctls = config.sysctls;
  const auto tuning = wiring::tuning_of(with_sysctls);
  return {.interface = {.mac = config.mac,
                        .promiscuous = config.promiscuous ? std::optional{true} : std::nullopt,
                        .mtu = config.mtu,
                        .all_multicast = config.all_multicast,
                        .tx_queue_length = config.tx_queue_length},
          .sysctls = tuning ? tuning->sysctls : std::vector<wiring::Sysctl>{},
          .file = path_of_saved_settings(config.data_dir, request.attachment)};
}

kernel::Link require_link(const cni::Request& request, kernel::NetlinkSocket& socket) {
  const auto& name = request.attachment.interface;
  if (auto link = kernel::first_link(socket.send_or_throw(kernel::get_link(name)))) return std::move(*link);
  throw posix::system_error(ENODEV, "find interface " + text::quoted(name) + " in " + text::quoted(request.netns));
}

/// DEL removes it too: a call that was killed may have left it.
std::string temporary_of(const std::string& file) { return file + ".new"; }

void save(const SavedSettings& settings, const std::string& file) {
  const auto temporary = temporary_of(file);
  const auto opened = posix::open_file(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  posix::write_all(opened.get(), to_json(settings), text::quoted(temporary));
  if (::rename(temporary.c_str(), file.c_str()) < 0)
    posix::throw_errno("rename " + text::quoted(temporary) + " to " + text::quoted(file));
}

/// A later call with the same interface, as a repeated ADD, must not save what the first has set.
void save_once(const SavedSettings& current, const std::string& file) {
  constexpr mode_t public_folder = 0755;
  if (current == SavedSettings{} || posix::find_file(AT_FDCWD, file, O_PATH)) return;
  posix::create_folder(file.substr(0, file.rfind('/')), public_folder);
  save(current, file);
}

/// The lines of a sysctl file end with a line feed.
std::vector<wiring::Sysctl> read_current(const std::vector<wiring::Sysctl>& wanted) {
  auto current = kernel::read_sysctls(wanted);
  for (auto& sysctl : current) sysctl.value.erase(sysctl.value.find_last_not_of('\n') + 1);
  return current;
}

/// Each setting is restored even if others fail: the container is being removed.
void apply_each(const SavedSettings& saved, const kernel::Link& link, kernel::NetlinkSocket& socket) {
  const auto attempt = [](const auto& step) {
    try {
      step();
    } catch (const std::system_error&) {
      return;
    }
  };
  const auto& [mac, promiscuous, mtu, all_multicast, tx_queue_length] = saved.interface;
  const wiring::InterfaceSettings parts[] = {{.mac = mac},
                                             {.promiscuous = promiscuous},
                                             {.mtu = mtu},
                                             {.all_multicast = all_multicast},
                                             {.tx_queue_length = tx_queue_length}};
  for (const auto& part : parts) attempt([&] { kernel::apply_settings(link, part, socket); });
  for (const auto& sysctl : saved.sysctls) attempt([&] { kernel::write_sysctls({sysctl}); });
}

void forget(const std::string& file) {
  posix::remove_file(temporary_of(file));
  posix::remove_file(file);
}

std::optional<SavedSettings> find_saved(const std::string& file) {
  constexpr std::size_t longest = std::size_t{1} << 20U;
  const auto text = posix::find_content(AT_FDCWD, file, longest);
  return text ? find_saved_settings(*text) : std::nullopt;
}

/// Restores what is saved in the file, and removes it.
void restore(const cni::Request& request, const std::string& file) {
  const auto saved = find_saved(file);
  const auto container = saved ? find_container(request) : std::nullopt;
  if (container) {
    kernel::LinuxChain{}.run_inside(*container, [&](kernel::NetlinkSocket& socket) {
      const auto link = kernel::first_link(socket.send_or_throw(kernel::get_link(request.attachment.interface)));
      if (link) apply_each(*saved, *link, socket);
    });
  }
  forget(file);
}

cni::Result result_of(const cni::Request& request, const wiring::InterfaceSettings& settings) {
  auto result = *request.config.previous;
  for (auto& interface : result.interfaces) {
    if (interface.name != request.attachment.interface || interface.sandbox.empty()) continue;
    if (settings.mac) interface.mac = cni::to_string(*settings.mac);
    if (settings.mtu && interface.mtu != 0) interface.mtu = *settings.mtu;
  }
  return result;
}

void change(const cni::Request& request, const WantedTuning& wanted) {
  const auto container = open_container(request);
  kernel::LinuxChain{}.run_inside(container, [&](kernel::NetlinkSocket& socket) {
    // Without settings of its own the interface need not be in this namespace.
    const bool is_changed = wanted.interface != wiring::InterfaceSettings{};
    const auto link = is_changed ? require_link(request, socket) : kernel::Link{};
    save_once({kernel::current_settings(link, wanted.interface), read_current(wanted.sysctls)}, wanted.file);
    kernel::write_sysctls(wanted.sysctls);
    if (is_changed) kernel::apply_settings(link, wanted.interface, socket);
  });
}

/// The call fails with the original error.
void roll_back(const cni::Request& request, const std::string& file) {
  try {
    restore(request, file);
  } catch (const std::exception&) {
    return;
  }
}

void add(const cni::Request& request, const cni::InterfaceTuning& config, const Print& print) {
  previous_of(request, no_previous_of_tuning);
  verbs::require_allowed_if_listed(config.sysctls, verbs::sysctl_allow_list);
  const auto wanted = wanted_by(config, request);
  try {
    change(request, wanted);
    print(cni::to_json(result_of(request, wanted.interface), request.config.version));
  } catch (const std::exception&) {
    roll_back(request, wanted.file);
    throw;
  }
}

std::string text_of(bool value) { return value ? "on" : "off"; }
std::string text_of(std::uint32_t value) { return std::to_string(value); }
std::string text_of(const cni::MacAddress& mac) { return cni::to_string(mac); }

template <class Value>
void compare(const std::string& what, const std::optional<Value>& wanted, const std::optional<Value>& found,
             kernel::Faults& faults) {
  if (wanted == found) return;
  faults.push_back(what + " is " + text_of(*found) + ", not " + text_of(*wanted));
}

void compare(const wiring::InterfaceSettings& wanted, const wiring::InterfaceSettings& found, const std::string& name,
             kernel::Faults& faults) {
  compare("MAC of " + name, wanted.mac, found.mac, faults);
  compare("promiscuous mode of " + name, wanted.promiscuous, found.promiscuous, faults);
  compare("MTU of " + name, wanted.mtu, found.mtu, faults);
  compare("all-multicast mode of " + name, wanted.all_multicast, found.all_multicast, faults);
  compare("transmit queue length of " + name, wanted.tx_queue_length, found.tx_queue_length, faults);
}

void compare(const std::vector<wiring::Sysctl>& wanted, const std::vector<wiring::Sysctl>& found,
             kernel::Faults& faults) {
  for (const auto& [path, value] : wanted) {
    const auto other = std::ranges::find(found, path, &wiring::Sysctl::path);
    if (other == found.end()) {
      faults.push_back("sysctl " + path + " cannot be read");
    } else if (!wiring::is_same_value(value, other->value)) {
      faults.push_back("sysctl " + path + " is " + text::quoted(other->value) + ", not " + text::quoted(value));
    }
  }
}

void check(const cni::Request& request, const cni::InterfaceTuning& config) {
  previous_of(request, no_previous_of_tuning);
  const auto wanted = wanted_by(config, request);
  const auto container = open_container(request);
  kernel::Faults faults;
  kernel::LinuxChain{}.run_inside(container, [&](kernel::NetlinkSocket& socket) {
    if (wanted.interface != wiring::InterfaceSettings{}) {
      const auto link = require_link(request, socket);
      compare(wanted.interface, kernel::current_settings(link, wanted.interface), text::quoted(link.name), faults);
    }
    compare(wanted.sysctls, read_current(wanted.sysctls), faults);
  });
  require_none(faults);
}

}  // namespace

/// Nothing is left of an attachment whose namespace is gone but the file of saved settings, whose name does not contain
/// the network: GC cannot decide whose it is.
void serve_tuning(cni::Call call, const Print& print) {
  posix::forbid_new_privileges();
  const auto arguments = call.environment.args;
  const auto request = parse_request(std::move(call));
  const auto config = [&] { return cni::parse_tuning_config(request.input, request.verb, cni::parse_args(arguments)); };
  switch (request.verb) {
    case cni::Verb::add:
      return add(request, config(), print);
    case cni::Verb::check:
      return check(request, config());
    case cni::Verb::del:
      return restore(request, wanted_by(config(), request).file);
    case cni::Verb::gc:
    case cni::Verb::status:
    case cni::Verb::version:
      return;
  }
}

}  // namespace chained
