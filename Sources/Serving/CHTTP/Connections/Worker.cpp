#include "Worker.h"

#include <csignal>
#include <ctime>
#include <vector>

#include "Connection.h"

namespace consort::http {

Worker::Worker(Clock::duration tick)
    : context_(1), guard_(context_.get_executor()), timer_(context_), tick_(tick) {}

void Worker::start() {
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Worker::run() noexcept {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception &) {
      // What fails, for want of memory as a rule, must not end all other connections.
    }
  }
}

void Worker::end() {
  post([self = shared_from_this()] {
    self->guard_.reset();
    if (self->connections_.empty()) self->timer_.cancel();
  });
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

Worker::Place Worker::add(std::shared_ptr<Connection> connection) {
  connections_.push_front(std::move(connection));
  if (!is_ticking_) wait_for_tick();
  return connections_.begin();
}

void Worker::remove(Place place) { connections_.erase(place); }

void Worker::for_each(const std::function<void(Connection &)> &body) {
  // A connection may remove itself.
  for (auto place = connections_.begin(); place != connections_.end();) {
    const auto connection = *place++;
    body(*connection);
  }
}

void Worker::wait_for_tick() {
  is_ticking_ = true;
  timer_.expires_after(tick_);
  timer_.async_wait([this](const Error &error) {
    is_ticking_ = false;
    if (error) return;
    const Time now = Clock::now();
    for_each([now](Connection &connection) { connection.tick(now); });
    if (!connections_.empty()) wait_for_tick();
  });
}

const std::string &Worker::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_time_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    // Names of days and months are English whatever the locale: strftime's are not.
    static constexpr const char *days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char *months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
                  months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_ = text;
    date_time_ = now;
  }
  return date_;
}

}  // namespace consort::http
