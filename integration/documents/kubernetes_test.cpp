// The manifests in conf/kubernetes, as far as they can be tested without a cluster: their commands run, and kustomize
// builds what is applied. integration/kubernetes runs a cluster.
#include "integration/support/call.hpp"
#include "integration/support/command.hpp"
#include "integration/support/file_text.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace support;

constexpr auto manifests = VETH_SOURCE_DIR "/conf/kubernetes";
constexpr auto manifest_work = "/run/test/kubernetes";

/// The documents of a text in YAML as a JSON array.
constexpr auto to_json_array = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))";

bool has_yaml() { return run({.argv = {"/usr/bin/python3", "-I", "-c", "import yaml"}}).exit == 0; }

json parse_yaml(const std::string& text) {
  const auto parsed = run({.argv = {"/usr/bin/python3", "-I", "-c", to_json_array}, .input = text});
  EXPECT_EQ(parsed.exit, 0) << parsed.err;
  return json::parse(parsed.out, nullptr, false);
}

json find_object(const json& documents, const std::string& kind) {
  for (const auto& document : documents) {
    if (document.value("kind", "") == kind) return document;
  }
  ADD_FAILURE() << "no object of kind " << kind;
  return nullptr;
}

json pod_of(const json& daemon_set) { return daemon_set.at("spec").at("template").at("spec"); }

json container_of(const json& pod, const std::string& list, const std::string& name) {
  for (const auto& container : pod.at(list)) {
    if (container.at("name") == name) return container;
  }
  ADD_FAILURE() << "no container " << name;
  return nullptr;
}

/// The program and the arguments of a container, as those of an executable of this build.
std::vector<std::string> argv_of(const json& container) {
  auto argv = container.at("command").get<std::vector<std::string>>();
  argv.front().insert(0, executables());
  return argv;
}

/// The API server that it needs is in integration/kubernetes.
TEST(PodCidrContainer, RunsACommandOfVethNode) {
  if (!has_yaml()) GTEST_SKIP() << "NOT RUN: python3-yaml is missing";
  const auto pod = pod_of(find_object(parse_yaml(read_text(std::string{manifests} + "/veth-cni.yaml")), "DaemonSet"));
  const auto failed = run({.argv = argv_of(container_of(pod, "initContainers", "pod-cidr"))});
  EXPECT_EQ(failed.exit, 1);
  EXPECT_NE(failed.err.find("KUBERNETES_SERVICE_HOST is not set: this is not a pod"), std::string::npos) << failed.err;
}

TEST(VethNodeManifest, HasAValidConfiguration) {
  if (!has_yaml()) GTEST_SKIP() << "NOT RUN: python3-yaml is missing";
  const auto documents = parse_yaml(read_text(std::string{manifests} + "/veth-node.yaml"));
  auto config = json::parse(find_object(documents, "ConfigMap").at("data").at("node.json").get<std::string>());
  std::filesystem::create_directories(manifest_work);
  const auto file = std::string{manifest_work} + "/node.json";
  const auto id = std::string{manifest_work} + "/machine-id";
  config["machineIdFile"] = id;
  write_text(file, config.dump());
  write_text(id, "0123456789abcdef0123456789abcdef\n");
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  const auto validated = run({.argv = {executables() + "/veth-node", "validate", "--config", file}});
  EXPECT_EQ(validated.exit, 0) << validated.err;
  std::filesystem::remove_all(manifest_work);
}

/// What `kubectl apply --kustomize` sends, from a copy in which a text is replaced.
class Kustomization : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_yaml()) GTEST_SKIP() << "NOT RUN: python3-yaml is missing";
    if (run({.argv = {"kubectl", "kustomize", "--help"}}).exit != 0) GTEST_SKIP() << "NOT RUN: kubectl is missing";
    std::filesystem::copy(manifests, manifest_work, std::filesystem::copy_options::recursive);
  }
  void TearDown() override { std::filesystem::remove_all(manifest_work); }

  static json build(const std::string& part = "") {
    const auto built = run({.argv = {"kubectl", "kustomize", manifest_work + part}});
    EXPECT_EQ(built.exit, 0) << built.err;
    return parse_yaml(built.out);
  }

  static void replace(const std::string& file, const std::string& text, const std::string& by) {
    const auto path = std::string{manifest_work} + "/" + file;
    auto content = read_text(path);
    const auto at = content.find(text);
    ASSERT_NE(at, std::string::npos) << text;
    std::ofstream{path} << content.replace(at, text.size(), by);
  }
};

json networks_reference(const json& documents) {
  const auto install = container_of(pod_of(find_object(documents, "DaemonSet")), "initContainers", "install");
  return install.at("env").at(0).at("valueFrom").at("configMapKeyRef").at("name");
}

/// A pod template that changes is rolled out, and with it the networks.
TEST_F(Kustomization, RollsOutChangedNetworks) {
  const auto before = build();
  EXPECT_EQ(networks_reference(before), find_object(before, "ConfigMap").at("metadata").at("name"));
  replace("kustomization.yaml", "10.244.0.0/16", "10.245.0.0/16");
  const auto after = build();
  EXPECT_EQ(networks_reference(after), find_object(after, "ConfigMap").at("metadata").at("name"));
  EXPECT_NE(networks_reference(after), networks_reference(before));
}

/// The pods of both DaemonSets on one node: their commands, with the folders of the node elsewhere.
class KubernetesNode : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_yaml()) GTEST_SKIP() << "NOT RUN: python3-yaml is missing";
    for (const char* name : {"host/metrics", "node"}) std::filesystem::create_directories(path(name));
    write_text(path("node/pod-cidr"), "10.244.3.0/24 fd00:10:244:3::/64 ");
  }
  void TearDown() override { std::filesystem::remove_all(manifest_work); }

  static std::string path(const std::string& name) { return std::string{manifest_work} + '/' + name; }

  static json pod(const std::string& file) {
    return pod_of(find_object(parse_yaml(read_text(std::string{manifests} + '/' + file)), "DaemonSet"));
  }

  /// Runs vethctl with the words of the manifest, but only once.
  static Outcome run_words(const json& words) {
    std::vector<std::string> mapped;
    for (auto word : words.get<std::vector<std::string>>()) {
      if (word == "/vethctl" || word.starts_with("--watch")) continue;
      for (const std::string folder : {"/host/", "/node/"}) {
        if (const auto at = word.find(folder); at != std::string::npos) word.insert(at, manifest_work);
      }
      mapped.push_back(word == "--cluster-cidr=$(CLUSTER_CIDR)" ? "--cluster-cidr=10.244.0.0/16" : word);
    }
    return vethctl(mapped);
  }
};

TEST_F(KubernetesNode, IsInstalledProbedAndUninstalledByThePods) {
  const auto daemon = pod("veth-cni.yaml");
  const auto metrics = container_of(daemon, "containers", "metrics");
  const auto probe = metrics.at("readinessProbe").at("exec").at("command");
  EXPECT_EQ(run_words(probe).exit, 1) << "nothing is installed yet";
  const auto installed = run_words(container_of(daemon, "initContainers", "install").at("args"));
  ASSERT_EQ(installed.exit, 0) << installed.err;
  const auto probed = run_words(probe);
  EXPECT_EQ(probed.out, "ready\n") << probed.err;
  EXPECT_EQ(run_words(metrics.at("args")).exit, 0);
  EXPECT_NE(read_text(path("host/metrics/veth-cni.prom")).find("10.244.3."), std::string::npos);
  const auto uninstaller = pod("uninstall/veth-cni-uninstall.yaml");
  const auto removed = run_words(container_of(uninstaller, "initContainers", "uninstall").at("args"));
  EXPECT_EQ(removed.exit, 0) << removed.err;
  for (const char* folder : {"host/bin", "host/conf"}) EXPECT_TRUE(std::filesystem::is_empty(path(folder))) << folder;
  EXPECT_FALSE(std::filesystem::exists("/run/veth-cni"));
}

/// The container keeps the pod running, and does nothing. Its image has no shell.
TEST_F(KubernetesNode, KeepsThePodOfTheUninstallation) {
  auto words = container_of(pod("uninstall/veth-cni-uninstall.yaml"), "containers", "done").at("args");
  std::vector<std::string> argv{"timeout", "1", executables() + "/vethctl"};
  for (const auto& word : words) argv.push_back(word.get<std::string>());
  EXPECT_EQ(run({.argv = argv}).exit, 124) << "it ends by itself";
}

TEST_F(Kustomization, BuildsTheUninstallation) {
  const auto built = build("/uninstall");
  const auto pod = pod_of(find_object(built, "DaemonSet"));
  EXPECT_TRUE(pod.at("hostNetwork").get<bool>()) << "the tables are those of the host";
  EXPECT_EQ(pod.at("tolerations"), (json{{{"operator", "Exists"}}}));
  const auto image = container_of(pod, "initContainers", "uninstall").at("image");
  const auto daemon = pod_of(find_object(build(), "DaemonSet"));
  EXPECT_EQ(image, container_of(daemon, "initContainers", "install").at("image"));
}

/// CRI-O calls GC only after STATUS has succeeded: a range full of lost containers would never be freed.
TEST(KubernetesExample, IsReadyWhenFull) {
  const auto list = json::parse(read_text(VETH_SOURCE_DIR "/conf/40-veth-kubernetes.conflist"));
  EXPECT_TRUE(list.at("plugins").at(0).at("readyWhenFull").get<bool>());
  EXPECT_NE(read_text(VETH_SOURCE_DIR "/conf/crio/10-veth-cni.conf").find("readyWhenFull"), std::string::npos);
}

}  // namespace
