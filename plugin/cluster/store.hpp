#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cluster {

/// One entry of the store. The key is relative to the store's prefix, like "nodes/NAME" or "blocks/default/0000a3".
struct Item {
  std::string key;
  std::string value;     ///< JSON
  std::string revision;  ///< of this item, as the store names it: for replace() and remove()
};

struct Listing {
  std::vector<Item> items;  ///< sorted by key
  std::string revision;     ///< of the whole answer: watch() continues there
};

struct Change {
  Item item;
  bool removed = false;  ///< the item is gone; its value is empty
};

/// A database that all nodes share. Keys are created, replaced and removed atomically. Each function throws cni::Error
/// with code try_again_later if no endpoint answers in time, and with another code if the store refuses.
class Store {
 public:
  virtual ~Store() = default;

  /// All items whose keys begin with the prefix.
  virtual Listing list(const std::string& prefix) = 0;

  /// Calls `changed` with each batch of changes after the revision, and with an empty batch at least every 30 s, until
  /// it returns false, which ends the watch. Returns the revision of the last batch; nullopt if the store has forgotten
  /// the changes after the revision: then list again.
  virtual std::optional<std::string> watch(const std::string& prefix, const std::string& revision,
                                           const std::function<bool(const std::vector<Change>&)>& changed) = 0;

  /// False if the key exists.
  virtual bool create(const std::string& key, const std::string& value) = 0;

  /// False if the item has another revision, or is gone.
  virtual bool replace(const Item& item) = 0;
  virtual bool remove(const Item& item) = 0;
};

}  // namespace cluster
