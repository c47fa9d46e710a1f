#include "plugin/kubernetes/credentials.hpp"

#include "plugin/kubernetes/yaml.hpp"
#include "test/support/error_text.hpp"
#include "test/support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace {

using testing::HasSubstr;

// As kubeadm writes it. The data are "ca", "cert" and "key" in base64.
const std::string kubeadm_config = R"(apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    server: https://192.0.2.1:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
preferences: {}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: Y2VydA==
    client-key-data: a2V5
)";

TEST(Kubeconfig, OfKubeadmIsRead) {
  const auto read = kubernetes::parse_kubeconfig(kubeadm_config);
  EXPECT_EQ(read, (kubernetes::Credentials{.server = http::read_endpoint("https://192.0.2.1:6443"),
                                           .tls = {.ca = "ca", .certificate = "cert", .key = "key"}}));
}

TEST(Kubeconfig, IsReadAsJson) {
  const auto json = kubernetes::parse_yaml(kubeadm_config).dump();
  EXPECT_EQ(kubernetes::parse_kubeconfig(json), kubernetes::parse_kubeconfig(kubeadm_config));
}

TEST(Kubeconfig, HasTokenAndNameOfTheServer) {
  auto text = kubeadm_config;
  text.replace(text.find("    client-certificate-data"), std::string::npos, "    token: \"abc.def\"\n");
  text.insert(text.find("  name: kubernetes\n"), "    tls-server-name: 'api.test'  \n");
  const auto read = kubernetes::parse_kubeconfig(text);
  EXPECT_EQ(read.token, "abc.def");
  EXPECT_EQ(read.tls.server_name, "api.test");
}

TEST(Kubeconfig, NamesItsFaults) {
  const auto error_of = [](std::string_view part, const std::string& replacement) {
    auto text = kubeadm_config;
    text.replace(text.find(part), part.size(), replacement);
    return test::error_text([&] { kubernetes::parse_kubeconfig(text); });
  };
  EXPECT_THAT(error_of("192.0.2.1", "api.test"),
              HasSubstr("invalid kubeconfig: server \"https://api.test:6443\" must"));
  EXPECT_THAT(error_of("current-context: k", "current-context: x"),
              HasSubstr("there is no context \"xubernetes-admin"));
  EXPECT_THAT(error_of("user: kubernetes-admin", "user: other"), HasSubstr("there is no user \"other\""));
  EXPECT_THAT(error_of("Y2E=", "Y2E"), HasSubstr("certificate-authority-data is not base64"));
  EXPECT_THAT(error_of("Y2E=", "|"), HasSubstr("line 4: this form of YAML is not supported"));
  EXPECT_THAT(error_of("Y2E=", "*ca"), HasSubstr("line 4: this form of YAML is not supported"));
  EXPECT_THAT(error_of("kind: Config", "kind"), HasSubstr("line 13: it has no key"));
  EXPECT_THAT(error_of("kind: Config", "   kind: Config"), HasSubstr("line 13: its indentation is wrong"));
  EXPECT_THAT(test::error_text([] { kubernetes::parse_kubeconfig(""); }), HasSubstr("line 1: it is empty"));
}

TEST(ServiceAccount, IsReadFromItsFolder) {
  const test::TemporaryDirectory folder;
  std::ofstream{folder.path() + "/token"} << "abc\n";
  std::ofstream{folder.path() + "/ca.crt"} << "ca";
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_THAT(test::error_text([&] { kubernetes::read_service_account(folder.path()); }),
              HasSubstr("this is not a pod"));
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto read = kubernetes::read_service_account(folder.path());
  EXPECT_EQ(http::to_string(read.server), "https://[fd00::1]:443");
  EXPECT_EQ(read.token, "abc");
  EXPECT_EQ(read.tls.ca, "ca");
}

}  // namespace
