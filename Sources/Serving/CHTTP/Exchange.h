// A request, and the way for its answer.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "Body.h"
#include "RequestParser.h"
#include "Response.h"

namespace consort::http {

class Connection;
class Worker;
struct Shared;

/// Exchanges that are held through the C face.
inline std::atomic<int64_t> live_exchanges{0};

/// What is called when a client leaves.
class Callback {
 public:
  Callback() = default;
  Callback(void (*call)(void *), void (*release)(void *), void *context)
      : call_(call), release_(release), context_(context) {}
  ~Callback() {
    if (release_ != nullptr) release_(context_);
  }
  Callback(Callback &&other) noexcept { *this = std::move(other); }
  Callback &operator=(Callback &&other) noexcept {
    std::swap(call_, other.call_);
    std::swap(release_, other.release_);
    std::swap(context_, other.context_);
    return *this;
  }
  void operator()() const {
    if (call_ != nullptr) call_(context_);
  }

 private:
  void (*call_)(void *) = nullptr;
  void (*release_)(void *) = nullptr;
  void *context_ = nullptr;
};

/// Shared by its connection, until it is answered or disconnected, and by what works on it.
class Exchange : public std::enable_shared_from_this<Exchange> {
  // The first member, so that the budget outlives the body, which gives its bytes back.
  const std::shared_ptr<Shared> shared_;

 public:
  Exchange(std::shared_ptr<Shared> shared, std::shared_ptr<Worker> worker, std::weak_ptr<Connection> connection,
           std::shared_ptr<const std::string> peer);

  RequestHead head;
  Body body;
  const std::shared_ptr<const std::string> peer;

  /// Sends the answer to the connection's thread, or drops it where there was one, or the client has left.
  void respond(Response response);
  bool is_answered() const { return answered_; }

  bool is_disconnected() const { return disconnected_; }
  void on_disconnect(Callback callback);
  /// Called by the connection.
  void disconnect();

 private:
  const std::shared_ptr<Worker> worker_;
  const std::weak_ptr<Connection> connection_;
  std::atomic<bool> answered_{false}, disconnected_{false};
  std::mutex mutex_;
  Callback callback_;
};

}  // namespace consort::http
