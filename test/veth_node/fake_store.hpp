#pragma once

#include "plugin/cluster/store.hpp"
#include "plugin/cni/error.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// A store in memory. It can fail before or after it executes a request, as a network does.
class FakeStore : public cluster::Store {
  template <class Function>
  auto execute(const std::string& request, const Function& function) {
    requests.push_back(request);
    if (before) before(request);
    auto result = function();
    if (after) after(request);
    return result;
  }

 public:
  std::map<std::string, cluster::Item> items;
  std::vector<std::string> requests;                 ///< "create nodes/a"
  std::function<void(const std::string&)> before{};  ///< called with the request before it is executed; may throw
  std::function<void(const std::string&)> after{};   ///< the same after it
  bool has_following = true;                         ///< create() returns the keys that follow
  std::vector<cluster::Changes> watched{};           ///< what the next watch reports
  bool is_compacted = false;                         ///< the next watch fails

  void put(const std::string& key, const std::string& value) {
    items[key] = {.key = key, .value = value, .revision = std::to_string(++revision_)};
  }

  cluster::Listing list(const std::string& prefix) override {
    return execute("list " + prefix, [&] {
      cluster::Listing listing{.revision = std::to_string(revision_)};
      for (const auto& [key, item] : items) {
        if (key.starts_with(prefix)) listing.items.push_back(item);
      }
      return listing;
    });
  }

  std::optional<cluster::Item> find(const std::string& key) override {
    return execute("find " + key, [&] {
      const auto found = items.find(key);
      return found == items.end() ? std::nullopt : std::optional{found->second};
    });
  }

  bool watch(const std::string& /*prefix*/, const std::string& revision,
             const std::function<bool(const cluster::Changes&)>& changed) override {
    return execute("watch " + revision, [&] {
      if (is_compacted) return is_compacted = false;
      const auto batches = std::exchange(watched, {});
      for (const auto& changes : batches) {
        if (!changed(changes)) return true;
      }
      throw cni::Error{cni::ErrorCode::try_again_later, "the watch has ended"};
    });
  }

  std::optional<cluster::Occupied> create(const std::string& key, const std::string& value) override {
    return execute("create " + key, [&]() -> std::optional<cluster::Occupied> {
      const auto found = items.find(key);
      if (found == items.end()) {
        put(key, value);
        return std::nullopt;
      }
      if (found->second.value == value) return std::nullopt;
      cluster::Occupied occupied{.item = found->second};
      if (!has_following) return occupied;
      occupied.following.emplace();
      const auto folder = key.substr(0, key.rfind('/') + 1);
      for (auto next = found; next != items.end() && occupied.following->size() < 64; ++next) {
        if (next->first.starts_with(folder)) occupied.following->push_back(next->first);
      }
      return occupied;
    });
  }

  bool replace(const cluster::Item& item) override {
    return execute("replace " + item.key, [&] {
      if (!has_revision(item)) return false;
      put(item.key, item.value);
      return true;
    });
  }

  bool remove(const cluster::Item& item) override {
    return execute("remove " + item.key, [&] { return has_revision(item) && items.erase(item.key) == 1; });
  }

 private:
  bool has_revision(const cluster::Item& item) const {
    const auto found = items.find(item.key);
    return found != items.end() && found->second.revision == item.revision;
  }

  std::uint64_t revision_ = 1;
};

}  // namespace test
