#include "RequestParser.h"

#include <boost/beast/http/error.hpp>

namespace consort::http {

namespace {

using BeastError = boost::beast::http::error;

/// Whether a line of chunk sizes or trailers ends with a bare LF: Beast would wait for a CR for ever.
bool has_bare_line_feed(std::string_view text) {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return true;
  }
  return false;
}

bool has_control_character(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return true;
  }
  return false;
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

RequestParser::RequestParser(RequestHead &head, Body &body, const ch_limits &limits)
    : head_(head), body_(body), limits_(limits) {
  header_limit(UINT32_MAX);
  body_limit(limits.body_bytes);
}

std::optional<Refusal> RequestParser::parse_head() {
  Error error;
  const size_t consumed = put(asio::const_buffer(head_.text.data(), head_.text.size()), error);
  if (error) return refusal(error);
  const Framing &framing = head_.framing;
  const auto length = content_length();
  const bool agrees = consumed == head_.text.size() && is_header_done() && chunked() == framing.chunked &&
                      length.has_value() == framing.length.has_value() &&
                      (!length || *length == *framing.length);
  if (!agrees) return Refusal{400, "the request's head can be read in several ways"};
  head_.keeps_alive = keep_alive();
  return std::nullopt;
}

RequestParser::Progress RequestParser::parse_chunks(std::string_view input) {
  Progress progress;
  while (!is_done() && progress.consumed < input.size()) {
    const std::string_view rest = input.substr(progress.consumed);
    Error error;
    progress.consumed += put(asio::const_buffer(rest.data(), rest.size()), error);
    if (error == BeastError::need_more) break;
    if (error) {
      progress.refusal = refusal_ ? refusal_ : refusal(error);
      return progress;
    }
  }
  progress.is_done = is_done();
  // What is left of unfinished chunks is never data, but lines.
  if (!progress.is_done && has_bare_line_feed(input.substr(progress.consumed))) {
    progress.refusal = Refusal{400, "a line of the chunked body does not end with CR LF"};
  }
  return progress;
}

Refusal RequestParser::refusal(const Error &error) const {
  if (error == BeastError::body_limit) return {413, "the request's body is too large"};
  return in_head_ ? Refusal{400, "the request's head is not valid HTTP"}
                  : Refusal{400, "the request's body is not validly chunked"};
}

void RequestParser::on_request_impl(verb, string_view method, string_view target, int version, Error &) {
  head_.method = view(method);
  head_.target = view(target);
  head_.version = version;
}

void RequestParser::on_field_impl(field, string_view name, string_view value, Error &) {
  // Trailers are dropped: after a proxy has looked at the head, they must not change it.
  if (in_head_) head_.fields.push_back({view(name), view(value)});
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, string_view extensions, Error &error) {
  // The last one has no bytes, and is none.
  if (size > 0 && ++chunks_ > limits_.chunks) {
    refusal_ = Refusal{413, "the request's body has too many chunks"};
  } else if (has_control_character(view(extensions))) {
    refusal_ = Refusal{400, "a chunk's extension has a control character"};
  }
  if (refusal_) error = BeastError::bad_chunk_extension;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view text, Error &error) {
  if (!body_.append(view(text))) {
    refusal_ = Refusal{503, "the server holds as many bytes of requests as it may"};
    error = BeastError::body_limit;
  }
  return text.size();
}

}  // namespace consort::http
