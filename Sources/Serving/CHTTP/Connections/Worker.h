// A thread, and the connections that it serves.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "Asio.h"
#include "Limits.h"

namespace consort::http {

class Connection;

/// A connection stays with one worker, whose thread alone touches it: no locks, and no thread a connection.
class Worker : public std::enable_shared_from_this<Worker> {
 public:
  explicit Worker(Clock::duration tick);

  asio::io_context &context() { return context_; }
  void start();
  /// Calls `body` on the thread, soon; drops it where the worker has ended.
  template <typename Body>
  void post(Body body) {
    const std::lock_guard lock(mutex_);
    if (!has_ended_) asio::post(context_, std::move(body));
  }
  /// Lets the thread end when its connections are closed.
  void end();
  void join();
  bool is_own_thread() const { return thread_.get_id() == std::this_thread::get_id(); }

  // On the thread only:

  using Place = std::list<std::shared_ptr<Connection>>::iterator;
  Place add(std::shared_ptr<Connection> connection);
  void remove(Place place);
  void for_each(const std::function<void(Connection &)> &body);
  /// The time as a `Date` header has it.
  const std::string &date();

 private:
  void run() noexcept;
  void wait_for_tick();

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  asio::steady_timer timer_;
  const Clock::duration tick_;
  bool is_ticking_ = false;
  std::list<std::shared_ptr<Connection>> connections_;
  std::time_t date_time_ = 0;
  std::string date_;

  std::mutex mutex_;
  bool has_ended_ = false;
  std::thread thread_;
};

}  // namespace consort::http
