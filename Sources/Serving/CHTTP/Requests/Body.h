// A request's body as it arrives.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "Limits.h"

namespace consort::http {

/// Bytes that count towards the budget as they arrive, so that a declared length alone takes nothing from others.
class Body {
 public:
  explicit Body(Budget &budget) : budget_(&budget) {}
  ~Body() { budget_->give(size_); }
  Body(const Body &) = delete;
  Body &operator=(const Body &) = delete;

  const char *data() const { return bytes_.get(); }
  size_t size() const { return size_; }

  /// Makes room for `count` bytes in all. The system gives memory only as it is written.
  void reserve(size_t count) {
    if (count <= capacity_) return;
    std::unique_ptr<char[]> larger(new char[count]);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = count;
  }

  /// Where the next bytes go.
  char *end() { return bytes_.get() + size_; }

  /// Counts bytes that were written at `end`; false where the budget does not allow them.
  bool grow(size_t count) {
    if (!budget_->take(count)) return false;
    size_ += count;
    return true;
  }

  bool append(std::string_view text) {
    if (size_ + text.size() > capacity_) reserve(std::max(size_ + text.size(), 2 * capacity_));
    std::memcpy(end(), text.data(), text.size());
    return grow(text.size());
  }

 private:
  Budget *budget_;
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace consort::http
