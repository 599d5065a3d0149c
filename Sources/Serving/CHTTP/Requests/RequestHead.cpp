#include "RequestHead.h"

#include <algorithm>
#include <array>

namespace consort::http {

namespace {

using std::string_view;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

string_view trimmed(string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Whether a byte may stand in a head outside of line ends.
bool is_plain(unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); }

std::optional<Refusal> check_version(string_view version) {
  const bool has_form = version.size() == 8 && version.substr(0, 5) == "HTTP/" && is_digit(version[5]) &&
                        version[6] == '.' && is_digit(version[7]);
  if (!has_form) return Refusal{400, "the request line does not end with a version of HTTP"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Refusal{505, "this version of HTTP is not served here: use HTTP/1.1"};
  }
  return std::nullopt;
}

bool has_valid_form(string_view target, string_view method) {
  if (target == "*") return method == "OPTIONS";
  return target.front() == '/' || equals_ignoring_case(target.substr(0, 7), "http://") ||
         equals_ignoring_case(target.substr(0, 8), "https://");
}

std::optional<Refusal> check_target(string_view target, string_view method, const ch_limits &limits) {
  if (target.size() > limits.target_bytes) return Refusal{414, "the request's target is too long"};
  if (target.empty() || !has_valid_form(target, method)) {
    return Refusal{400, "the request's target is neither a path nor an http address"};
  }
  for (size_t index = 0; index < target.size(); index++) {
    const char c = target[index];
    if (c < 0x21 || c > 0x7e || c == '#') {
      return Refusal{400, "the request's target has a character that must be percent-encoded"};
    }
    if (c != '%') continue;
    if (index + 2 >= target.size() || !is_hex(target[index + 1]) || !is_hex(target[index + 2])) {
      return Refusal{400, "the request's target has a percent sign without two hexadecimal digits"};
    }
    if (target.substr(index + 1, 2) == "00") return Refusal{400, "the request's target has a zero byte"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_request_line(string_view line, const ch_limits &limits, string_view *version) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == string_view::npos || first == 0 || first == last ||
      line.find(' ', first + 1) != last) {
    return Refusal{400, "the request line is not: method, target, version"};
  }
  *version = line.substr(last + 1);
  if (const auto refusal = check_version(*version)) return refusal;
  return check_target(line.substr(first + 1, last - first - 1), line.substr(0, first), limits);
}

/// The headers that decide where a message ends, and how often each came.
struct FramingHeaders {
  size_t hosts = 0, lengths = 0, codings = 0;
  string_view length, coding, expectation;

  void see(string_view name, string_view value) {
    if (equals_ignoring_case(name, "host")) {
      hosts++;
    } else if (equals_ignoring_case(name, "content-length")) {
      lengths++;
      length = value;
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      codings++;
      coding = value;
    } else if (equals_ignoring_case(name, "expect")) {
      expectation = value;
    }
  }
};

std::optional<Refusal> check_length(const FramingHeaders &headers, const ch_limits &limits, Framing *framing) {
  if (headers.lengths == 0) return std::nullopt;
  if (headers.lengths > 1) return Refusal{400, "the request has several Content-Length headers"};
  const string_view digits = headers.length;
  // 18 digits always fit a signed number of 64 bits.
  const bool is_number = !digits.empty() && digits.size() <= 18 &&
                         std::all_of(digits.begin(), digits.end(), is_digit);
  if (!is_number) return Refusal{400, "the Content-Length is not a number of bytes"};
  uint64_t length = 0;
  for (const char digit : digits) length = length * 10 + static_cast<uint64_t>(digit - '0');
  framing->length = length;
  if (length > limits.body_bytes) return Refusal{413, "the request's body is too large"};
  return std::nullopt;
}

std::optional<Refusal> check_coding(const FramingHeaders &headers, string_view version, Framing *framing) {
  if (headers.codings == 0) return std::nullopt;
  if (headers.lengths > 0) {
    return Refusal{400, "the request has both a Transfer-Encoding and a Content-Length"};
  }
  if (headers.codings > 1) return Refusal{400, "the request has several Transfer-Encoding headers"};
  if (version == "HTTP/1.0") return Refusal{400, "HTTP/1.0 knows no Transfer-Encoding"};
  if (!equals_ignoring_case(headers.coding, "chunked")) {
    return Refusal{501, "the only Transfer-Encoding served here is: chunked"};
  }
  framing->chunked = true;
  return std::nullopt;
}

std::optional<Refusal> check_framing(
    const FramingHeaders &headers, string_view version, const ch_limits &limits, Framing *framing) {
  if (headers.hosts > 1) return Refusal{400, "the request has several Host headers"};
  if (headers.hosts == 0 && version == "HTTP/1.1") return Refusal{400, "the request has no Host header"};
  if (const auto refusal = check_coding(headers, version, framing)) return refusal;
  if (const auto refusal = check_length(headers, limits, framing)) return refusal;
  if (!headers.expectation.empty() && version == "HTTP/1.1") {
    if (!equals_ignoring_case(headers.expectation, "100-continue")) {
      return Refusal{417, "the only expectation served here is: 100-continue"};
    }
    framing->expects_continue = true;
  }
  return std::nullopt;
}

/// The next line without its end, which is taken off `rest` with it.
string_view take_line(string_view *rest) {
  const size_t end = rest->find("\r\n");
  const string_view line = rest->substr(0, end);
  rest->remove_prefix(end + 2);
  return line;
}

}  // namespace

bool equals_ignoring_case(string_view one, string_view other) {
  return one.size() == other.size() &&
         std::equal(one.begin(), one.end(), other.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

HeadScanner::Result HeadScanner::scan(string_view head, const ch_limits &limits) {
  for (; scanned_ < head.size(); scanned_++) {
    const auto c = static_cast<unsigned char>(head[scanned_]);
    const bool follows_return = scanned_ > 0 && head[scanned_ - 1] == '\r';
    if (follows_return != (c == '\n')) return {0, Refusal{400, "a line does not end with CR LF"}};
    if (c == '\n') {
      const bool is_empty = scanned_ == line_ + 1;
      if (is_empty && !in_first_line_) {
        const size_t length = scanned_ + 1;
        return {length, check_sizes(length, limits)};
      }
      if (is_empty) return {0, Refusal{400, "the request line is empty"}};
      in_first_line_ = false;
      line_ = scanned_ + 1;
    } else if (c != '\r' && !is_plain(c)) {
      return {0, Refusal{400, "the request's head has a control character"}};
    }
  }
  return {0, check_sizes(head.size(), limits)};
}

std::optional<Refusal> HeadScanner::check_sizes(size_t count, const ch_limits &limits) const {
  // A method and a version beside the target.
  constexpr size_t rest_of_line = 64;
  if (in_first_line_ && count > limits.target_bytes + rest_of_line) {
    return Refusal{414, "the request's target is too long"};
  }
  if (count > limits.head_bytes) return Refusal{431, "the request's headers are too large"};
  return std::nullopt;
}

std::optional<Refusal> check_head(string_view head, const ch_limits &limits, Framing *framing) {
  string_view version;
  if (const auto refusal = check_request_line(take_line(&head), limits, &version)) return refusal;
  FramingHeaders headers;
  size_t count = 0;
  for (string_view line = take_line(&head); !line.empty(); line = take_line(&head)) {
    if (line.front() == ' ' || line.front() == '\t') return Refusal{400, "a header is folded over several lines"};
    if (++count > limits.headers) return Refusal{431, "the request has too many headers"};
    const size_t colon = line.find(':');
    if (colon == string_view::npos) return Refusal{400, "a header has no colon"};
    const string_view name = line.substr(0, colon);
    if (name.empty() || name.find_first_of(" \t") != string_view::npos) {
      return Refusal{400, "a header's name is empty or has a space"};
    }
    headers.see(name, trimmed(line.substr(colon + 1)));
  }
  return check_framing(headers, version, limits, framing);
}

}  // namespace consort::http
