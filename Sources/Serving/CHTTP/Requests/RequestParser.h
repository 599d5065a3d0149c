// Beast's parser, whose results go where ours lie.
#pragma once

#include "Asio.h"

#include <boost/beast/http/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "Body.h"
#include "RequestHead.h"

namespace consort::http {

struct Field {
  std::string_view name, value;
};

/// A request's head; the views lie in `text`.
struct RequestHead {
  std::string text;
  std::string_view method, target;
  int version = 11;
  std::vector<Field> fields;
  Framing framing;
  bool keeps_alive = false;
};

/// Parses one request: its head at once, and the chunks of its body as they arrive.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(RequestHead &head, Body &body, const ch_limits &limits);

  /// Parses `head.text`.
  std::optional<Refusal> parse_head();

  struct Progress {
    size_t consumed = 0;
    bool is_done = false;
    std::optional<Refusal> refusal;
  };
  /// Takes chunks out of `input`, which begins where the bytes consumed so far end.
  Progress parse_chunks(std::string_view input);

 private:
  using string_view = boost::beast::string_view;
  using verb = boost::beast::http::verb;
  using field = boost::beast::http::field;

  void on_request_impl(verb, string_view method, string_view target, int version, Error &) override;
  void on_response_impl(int, string_view, int, Error &) override {}
  void on_field_impl(field, string_view name, string_view value, Error &) override;
  void on_header_impl(Error &) override { in_head_ = false; }
  void on_body_init_impl(const boost::optional<std::uint64_t> &, Error &) override {}
  std::size_t on_body_impl(string_view text, Error &) override { return text.size(); }
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, Error &error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, string_view text, Error &error) override;
  void on_finish_impl(Error &) override {}

  Refusal refusal(const Error &error) const;

  RequestHead &head_;
  Body &body_;
  const ch_limits &limits_;
  uint64_t chunks_ = 0;
  bool in_head_ = true;
  std::optional<Refusal> refusal_;
};

}  // namespace consort::http
