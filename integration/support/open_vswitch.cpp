#include "integration/support/open_vswitch.hpp"

#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"
#include "integration/support/slowness.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

const std::string ovs_folder = "/run/openvswitch";
const std::string ovs_database = ovs_folder + "/conf.db";
const std::string ovs_socket = ovs_folder + "/db.sock";
const std::string database_process = ovs_folder + "/ovsdb-server.pid";
const std::string switch_process = ovs_folder + "/ovs-vswitchd.pid";

Outcome run_ovs(std::vector<std::string> argv) {
  return run({.argv = std::move(argv), .environment = {"OVS_RUNDIR=" + ovs_folder, "OVS_LOGDIR=" + ovs_folder}});
}

std::string datapath_type() {
  const char* type = std::getenv("VETH_TEST_OVS_DATAPATH");
  return type == nullptr ? "netdev" : type;
}

std::string run_or_throw(const std::vector<std::string>& argv) {
  const auto outcome = run_ovs(argv);
  if (outcome.exit != 0) throw std::runtime_error(argv.front() + ": " + outcome.err);
  return outcome.out.substr(0, outcome.out.find_last_not_of('\n') + 1);
}

pid_t process_in(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) ? std::stoi(read_text(file)) : 0;
}

void send(const std::string& file, int signal) {
  if (const auto process = process_in(file); process > 0) ::kill(process, signal);
}

/// The daemons are no children of this process.
void end(const std::string& file) {
  const auto process = process_in(file);
  if (process <= 0) return;
  ::kill(process, SIGCONT);
  ::kill(process, SIGTERM);
  for (int tries = 0; tries < 500 * slowness() && ::kill(process, 0) == 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  ::kill(process, SIGKILL);
}

}  // namespace

std::optional<std::string> OpenVswitch::obstacle() {
  if (::access("/usr/sbin/ovs-vswitchd", X_OK) != 0) return "NOT RUN: openvswitch-switch is not installed";
  if (!is_in_user_space() && run_ovs({"ovs-dpctl", "dump-dps"}).exit != 0)
    return "NOT RUN: this kernel has no Open vSwitch (CONFIG_OPENVSWITCH)";
  return std::nullopt;
}

bool OpenVswitch::is_in_user_space() { return datapath_type() == "netdev"; }

OpenVswitch::OpenVswitch() {
  std::filesystem::remove_all(ovs_folder);
  ::mkdir(ovs_folder.c_str(), 0700);
  run_or_throw({"ovsdb-tool", "create", ovs_database, "/usr/share/openvswitch/vswitch.ovsschema"});
  start_database();
  vsctl({"--no-wait", "init"});
  start_switch();
  add_bridge("br0");
}

OpenVswitch::~OpenVswitch() {
  end(switch_process);
  end(database_process);
  if (!is_in_user_space()) run_ovs({"ovs-dpctl", "del-dp", "ovs-system"});
  run({.argv = {"ip", "link", "delete", "ovs-netdev"}});
  for (const auto* bridge : {"br0", "br-int"}) run({.argv = {"ip", "link", "delete", bridge}});
}

void OpenVswitch::add_bridge(const std::string& name) const {
  vsctl({"add-br", name, "--", "set", "bridge", name, "datapath_type=" + datapath_type()});
}

std::string OpenVswitch::vsctl(const std::vector<std::string>& arguments) const {
  std::vector<std::string> argv{"ovs-vsctl", "--db=unix:" + ovs_socket, "--timeout=" + std::to_string(20 * slowness())};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run_or_throw(argv);
}

std::vector<std::string> OpenVswitch::ports(const std::string& bridge) const {
  std::istringstream lines{vsctl({"list-ports", bridge})};
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  std::ranges::sort(names);
  return names;
}

void OpenVswitch::start_database() const {
  run_or_throw({"ovsdb-server", ovs_database, "--remote=punix:" + ovs_socket, "--pidfile=" + database_process,
                "--detach", "--no-chdir", "-vconsole:off"});
  if (process_in(switch_process) > 0) vsctl({"set", "open_vswitch", ".", "external_ids:restarted=true"});
}

void OpenVswitch::start_switch() const {
  run_or_throw(
      {"ovs-vswitchd", "unix:" + ovs_socket, "--pidfile=" + switch_process, "--detach", "--no-chdir", "-vconsole:off"});
}

void OpenVswitch::end_database() const { end(database_process); }
void OpenVswitch::stop_database() const { send(database_process, SIGSTOP); }
void OpenVswitch::stop_switch() const { send(switch_process, SIGSTOP); }

void OpenVswitch::resume() const {
  send(database_process, SIGCONT);
  send(switch_process, SIGCONT);
}

}  // namespace support
