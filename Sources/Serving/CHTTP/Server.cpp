#include "Server.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "Connection.h"
#include "Failure.h"
#include "TLS.h"

namespace consort::http {

namespace {

/// Connections beyond the limit that are answered 503 at once; more wait until one of these has gone.
constexpr uint64_t refusal_room = 128;

/// Descriptors that are left for the rest of the program.
constexpr uint64_t reserved_descriptors = 256;

/// Raises this process's soft limit on descriptors, and says how many connections it allows.
uint64_t allowed_connections(uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = wanted + refusal_room + reserved_descriptors;
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = std::min<rlim_t>(needed, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  const uint64_t most = limit.rlim_cur;
  if (most >= needed) return wanted;
  // A half where there are too few to reserve any.
  return std::max<uint64_t>(1, std::max(most / 2, most - std::min(most, refusal_room + reserved_descriptors)));
}

ch_limits with_allowed_connections(ch_limits limits) {
  limits.connections = allowed_connections(limits.connections);
  return limits;
}

/// How often time limits are looked at: they are that exact.
Clock::duration tick(const ch_limits &limits) {
  const double least = std::min({limits.head_seconds, limits.body_seconds, limits.write_seconds,
                                 limits.idle_seconds, limits.linger_seconds});
  return seconds(std::clamp(least / 4, 0.005, 0.25));
}

std::string name_of(const asio::generic::stream_protocol::endpoint &endpoint) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  const auto *address = reinterpret_cast<const sockaddr *>(endpoint.data());
  if (endpoint.protocol().family() == AF_UNIX) return "unix";
  const int status = ::getnameinfo(address, static_cast<socklen_t>(endpoint.size()), host, sizeof host, port,
                                   sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  if (status != 0) return "unknown";
  const std::string name = host;
  return (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + port;
}

bool is_shortage(const Error &error) {
  return error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOBUFS || error.value() == ENOMEM;
}

}  // namespace

uint64_t Shared::open_connection() {
  counters.accepted++;
  return ++open_;
}

void Shared::close_connection() {
  {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  changed_.notify_all();
  if (paused.exchange(false)) resume();
}

void Shared::end_request() {
  if (--busy_ > 0 || !stopping) return;
  { const std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

bool Shared::wait_until_none(const std::atomic<uint64_t> &count, Time deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] { return count == 0; });
}

Server::Server(const ch_configuration &configuration, const ch_callbacks &callbacks)
    : shared_(std::make_shared<Shared>(with_allowed_connections(configuration.limits), callbacks)) {
  if (configuration.certificate_chain != nullptr && configuration.private_key != nullptr) {
    certificate_chain_ = configuration.certificate_chain;
    private_key_ = configuration.private_key;
    tls_ = make_tls(certificate_chain_, private_key_);
  }
  for (size_t index = 0; index < std::max<size_t>(1, configuration.threads); index++) {
    workers_.push_back(std::make_shared<Worker>(tick(shared_->limits)));
  }
  listener_ = std::make_unique<Listener>(configuration.address);
  asio::io_context &first = workers_.front()->context();
  acceptor_ = std::make_unique<Acceptor>(
      first, asio::generic::stream_protocol(listener_->family(), 0), listener_->take_descriptor());
  pause_ = std::make_unique<asio::steady_timer>(first);
  shared_->resume = [this] { workers_.front()->post([this] { accept(); }); };
  accept();
  try {
    for (const auto &worker : workers_) worker->start();
  } catch (const std::exception &error) {
    stop(0);
    throw Failure(CH_SYSTEM_ERROR, std::string("no thread can be started: ") + error.what());
  }
}

Server::~Server() {
  stop(0);
  if (shared_->callbacks.release != nullptr) shared_->callbacks.release(shared_->callbacks.context);
}

bool Server::is_own_thread() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto &worker) { return worker->is_own_thread(); });
}

void Server::accept() {
  if (!acceptor_->is_open()) return;
  if (shared_->open_connections() >= shared_->limits.connections + refusal_room) {
    shared_->paused = true;
    // One may have closed meanwhile, and have seen no pause.
    if (shared_->open_connections() > 0 || !shared_->paused.exchange(false)) return;
  }
  const auto &worker = workers_[next_worker_];
  acceptor_->async_accept(worker->context(), [this](const Error &error, Socket socket) {
    accepted(error, std::move(socket));
  });
}

void Server::accepted(const Error &error, Socket socket) {
  if (!acceptor_->is_open()) return;
  if (is_shortage(error)) return accept_later(std::chrono::milliseconds(100));
  if (!error) {
    try {
      take(std::move(socket));
    } catch (const std::exception &) {
      return accept_later(std::chrono::milliseconds(100));
    }
  }
  accept();
}

void Server::take(Socket socket) {
  const auto worker = workers_[next_worker_];
  next_worker_ = (next_worker_ + 1) % workers_.size();
  Error error;
  const auto endpoint = socket.remote_endpoint(error);
  // It has gone already.
  if (error) return;
  // A program that is started meanwhile would keep the connection open after it is closed here.
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  auto peer = std::make_shared<const std::string>(name_of(endpoint));
  if (listener_->family() != AF_UNIX) {
    // An answer is written in one piece: waiting for more would only delay it.
    const int yes = 1;
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  std::shared_ptr<asio::ssl::context> tls;
  {
    const std::lock_guard lock(certificate_mutex_);
    tls = tls_;
  }
  auto connection =
      std::make_shared<Connection>(shared_, worker, std::move(peer), std::move(socket), std::move(tls));
  const bool is_beyond_limit = shared_->open_connection() > shared_->limits.connections;
  worker->post([connection, is_beyond_limit] { connection->start(is_beyond_limit); });
}

void Server::accept_later(Clock::duration delay) {
  pause_->expires_after(delay);
  pause_->async_wait([this](const Error &error) {
    if (!error) accept();
  });
}

void Server::stop_listening() {
  listener_->remove_file();
  workers_.front()->post([this] {
    Error ignored;
    acceptor_->close(ignored);
    pause_->cancel();
  });
}

void Server::on_every_connection(void (*body)(Connection &)) {
  for (const auto &worker : workers_) {
    worker->post([worker, body] { worker->for_each(body); });
  }
}

bool Server::stop(double wait) {
  const std::lock_guard lock(stop_mutex_);
  if (has_stopped_) return shared_->open_connections() == 0;
  has_stopped_ = true;
  // A day is for ever here, and can be added to any time.
  const Time deadline = Clock::now() + seconds(std::clamp(wait, 0.0, 86400.0));
  drain();
  shared_->stopping = true;
  stop_listening();
  on_every_connection([](Connection &connection) { connection.close_if_idle(); });
  const bool is_done = shared_->wait_until_answered(deadline);
  on_every_connection([](Connection &connection) { connection.give_up(); });
  // For clients to read the last answers.
  const double last = is_done ? shared_->limits.linger_seconds : std::min(1.0, std::max(0.0, wait));
  if (!shared_->wait_until_closed(Clock::now() + seconds(last))) {
    on_every_connection([](Connection &connection) { connection.disconnect(); });
  }
  for (const auto &worker : workers_) worker->end();
  for (const auto &worker : workers_) worker->join();
  return is_done;
}

void Server::reload_certificate() {
  if (private_key_.empty()) throw Failure(CH_BAD_CERTIFICATE, "the server was started without certificates");
  auto renewed = make_tls(certificate_chain_, private_key_);
  const std::lock_guard lock(certificate_mutex_);
  tls_ = std::move(renewed);
}

ch_statistics Server::statistics() const {
  const Counters &counters = shared_->counters;
  return {shared_->open_connections(), counters.accepted, counters.refused_connections, counters.requests,
          counters.refused_requests, counters.disconnects, shared_->budget.held()};
}

}  // namespace consort::http
