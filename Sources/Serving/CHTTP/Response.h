// An answer on its way to the client.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "Asio.h"
#include "CHTTP.h"

namespace consort::http {

/// Headers as text, and a body whose bytes are borrowed until the answer goes.
class Response {
 public:
  Response() = default;
  /// Throws nothing but `std::bad_alloc`; takes over `response.release` when it succeeds.
  explicit Response(const ch_response &response);
  /// `{"error": reason}`; `headers` are whole lines.
  static Response error(int status, std::string_view reason, std::string headers = {});
  ~Response();
  Response(Response &&other) noexcept { *this = std::move(other); }
  Response &operator=(Response &&other) noexcept;

  /// What belongs to the connection, not to the answer.
  struct Delivery {
    std::string_view date;
    int version = 11;
    bool closes = false;
    bool is_head_request = false;
  };
  /// Completes the head, and returns it with the body. The buffers are valid as long as the answer.
  const std::vector<asio::const_buffer> &buffers(const Delivery &delivery);
  /// Bytes of the body.
  uint64_t length() const { return length_; }
  int status() const { return status_; }

 private:
  int status_ = 0;
  std::string fields_, own_body_, head_;
  std::vector<asio::const_buffer> chunks_, buffers_;
  uint64_t length_ = 0;
  void (*release_)(void *) = nullptr;
  void *context_ = nullptr;
};

}  // namespace consort::http
