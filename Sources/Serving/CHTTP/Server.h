// All connections of an address, from the first to the last.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "Asio.h"
#include "CHTTP.h"
#include "Limits.h"
#include "Listener.h"
#include "Worker.h"

namespace consort::http {

/// What all connections and exchanges share; it lives as long as the last of them.
struct Shared {
  Shared(const ch_limits &limits, const ch_callbacks &callbacks)
      : limits(limits), budget(limits.held_bytes), callbacks(callbacks) {}

  const ch_limits limits;
  Budget budget;
  Counters counters;
  const ch_callbacks callbacks;
  /// Answers ask clients to close.
  std::atomic<bool> draining{false};
  /// No connection begins any more.
  std::atomic<bool> stopping{false};

  /// Counts a connection; says which one of those that are open now it is.
  uint64_t open_connection();
  void close_connection();
  uint64_t open_connections() const { return open_; }
  /// Count connections between the first byte of a request and the last of its answer.
  void begin_request() { ++busy_; }
  void end_request();
  /// Whether all requests were answered before that time; whether all connections were closed.
  bool wait_until_answered(Time deadline) { return wait_until_none(busy_, deadline); }
  bool wait_until_closed(Time deadline) { return wait_until_none(open_, deadline); }
  /// Called when a connection closes after `pause_until_closed`.
  std::function<void()> resume;
  std::atomic<bool> paused{false};

 private:
  bool wait_until_none(const std::atomic<uint64_t> &count, Time deadline);

  std::atomic<uint64_t> open_{0}, busy_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

class Server {
 public:
  Server(const ch_configuration &configuration, const ch_callbacks &callbacks);
  ~Server();

  uint16_t port() const { return listener_->port(); }
  void drain() { shared_->draining = true; }
  void stop_listening();
  bool stop(double seconds);
  /// Whether this thread serves connections.
  bool is_own_thread() const;
  void reload_certificate();
  ch_statistics statistics() const;

 private:
  void accept();
  void accepted(const Error &error, Socket socket);
  void take(Socket socket);
  void accept_later(Clock::duration delay);
  void on_every_connection(void (*body)(Connection &));

  const std::shared_ptr<Shared> shared_;
  std::string certificate_chain_, private_key_;
  std::mutex certificate_mutex_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<asio::steady_timer> pause_;
  size_t next_worker_ = 0;
  bool has_stopped_ = false;
  std::mutex stop_mutex_;
};

}  // namespace consort::http
