// A connection's bytes, plain or through TLS.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "Asio.h"

namespace consort::http {

/// It stays where it is made: TLS refers to the socket beside it.
class Stream {
 public:
  /// Plain where `context` is null.
  Stream(Socket socket, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)), socket_(std::move(socket)) {
    if (context_ != nullptr) tls_.emplace(socket_, *context_);
  }

  Stream(const Stream &) = delete;
  Stream &operator=(const Stream &) = delete;

  Socket &socket() { return socket_; }
  bool is_tls() const { return tls_.has_value(); }

  template <typename Handler>
  void handshake(Handler handler) {
    tls_->async_handshake(asio::ssl::stream_base::server, std::move(handler));
  }

  template <typename Handler>
  void read_some(asio::mutable_buffer buffer, Handler handler) {
    if (tls_) {
      tls_->async_read_some(buffer, std::move(handler));
    } else {
      socket_.async_read_some(buffer, std::move(handler));
    }
  }

  template <typename Buffers, typename Handler>
  void write(const Buffers &buffers, Handler handler) {
    if (tls_) {
      asio::async_write(*tls_, buffers, std::move(handler));
    } else {
      asio::async_write(socket_, buffers, std::move(handler));
    }
  }

  /// Says that no more bytes come; the client's can still be read. `handler` keeps what lies behind the stream alive.
  template <typename Handler>
  void end_writing(Handler handler) {
    if (!tls_) {
      Error ignored;
      socket_.shutdown(Socket::shutdown_send, ignored);
      return;
    }
    tls_->async_shutdown([this, handler = std::move(handler)](const Error &) {
      Error ignored;
      socket_.shutdown(Socket::shutdown_send, ignored);
    });
  }

 private:
  std::shared_ptr<asio::ssl::context> context_;
  Socket socket_;
  std::optional<asio::ssl::stream<Socket &>> tls_;
};

}  // namespace consort::http
