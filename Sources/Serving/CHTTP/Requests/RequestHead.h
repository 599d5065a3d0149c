// The head of a request, read more strictly than Beast reads it.
//
// Proxies and servers that read one message in two ways can be made to see two different requests in it. Beast lets some
// of what RFC 9112 forbids pass: folded lines, equal lengths twice, codings that it does not know. So a head is checked
// here first, by bytes and lines; Beast then parses it, and both must agree on where the body ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "Limits.h"

namespace consort::http {

/// Looks for the end of a head as its bytes arrive, and for what cannot become one.
class HeadScanner {
 public:
  struct Result {
    /// Bytes of the head with its empty line; 0 where it has not ended.
    size_t length = 0;
    std::optional<Refusal> refusal;
  };

  /// `head` begins at the same byte as in the call before, and is longer.
  Result scan(std::string_view head, const ch_limits &limits);
  void reset() { *this = HeadScanner(); }

 private:
  std::optional<Refusal> check_sizes(size_t count, const ch_limits &limits) const;

  size_t scanned_ = 0;
  size_t line_ = 0;
  bool in_first_line_ = true;
};

/// How a request's body is framed, and what else decides how it is answered.
struct Framing {
  std::optional<uint64_t> length;
  bool chunked = false;
  bool expects_continue = false;
};

/// Checks a whole head.
std::optional<Refusal> check_head(std::string_view head, const ch_limits &limits, Framing *framing);

bool equals_ignoring_case(std::string_view one, std::string_view other);

}  // namespace consort::http
