// What a client may ask for, and what all of them may hold together.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "CHTTP.h"

namespace consort::http {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
constexpr Time no_deadline = Time::max();

inline Clock::duration seconds(double count) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

/// Why a request is refused: a status, and a sentence without quotes or control characters.
struct Refusal {
  int status;
  const char *reason;
};

/// Bytes that all requests share.
class Budget {
 public:
  explicit Budget(uint64_t limit) : limit_(limit) {}

  bool take(uint64_t count) {
    if (held_.fetch_add(count) + count <= limit_) return true;
    held_ -= count;
    return false;
  }
  void give(uint64_t count) { held_ -= count; }
  /// Whether `count` bytes could be taken now.
  bool has(uint64_t count) const { return count <= limit_ && held_ <= limit_ - count; }
  uint64_t held() const { return held_; }

 private:
  const uint64_t limit_;
  std::atomic<uint64_t> held_{0};
};

struct Counters {
  std::atomic<uint64_t> accepted{0}, refused_connections{0}, requests{0}, refused_requests{0}, disconnects{0};
};

}  // namespace consort::http
