#include "Connection.h"

#include <poll.h>

#include <algorithm>

namespace consort::http {

namespace {

constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";

/// The connection whose request this thread's handler is given.
thread_local Connection *handling = nullptr;

bool is_end(const Error &error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

Connection::Connection(std::shared_ptr<Shared> shared, std::shared_ptr<Worker> worker,
                       std::shared_ptr<const std::string> peer, Socket socket,
                       std::shared_ptr<asio::ssl::context> tls)
    : shared_(std::move(shared)),
      worker_(std::move(worker)),
      peer_(std::move(peer)),
      stream_(std::move(socket), std::move(tls)) {}

Time Connection::after(double count, uint64_t bytes) const {
  return after(count + static_cast<double>(bytes) / static_cast<double>(shared_->limits.bytes_per_second));
}

void Connection::enter(Phase phase, Time deadline) {
  const bool was_busy = is_busy(phase_);
  phase_ = phase;
  deadline_ = deadline;
  if (is_busy(phase) == was_busy) return;
  if (was_busy) {
    shared_->end_request();
  } else {
    shared_->begin_request();
  }
}

bool Connection::is_busy(Phase phase) {
  return phase == Phase::head || phase == Phase::body || phase == Phase::chunks || phase == Phase::working ||
         phase == Phase::writing;
}

template <typename Body>
auto Connection::guarded(Body body) {
  return [self = shared_from_this(), body = std::move(body)](auto &&...arguments) mutable {
    if (self->phase_ == Phase::closed) return;
    try {
      body(*self, arguments...);
    } catch (const std::exception &) {
      self->disconnect();
    }
  };
}

void Connection::start(bool is_beyond_limit) {
  place_ = worker_->add(shared_from_this());
  if (shared_->stopping) return close();
  const auto begin = [is_beyond_limit](Connection &self) {
    if (is_beyond_limit) {
      self.shared_->counters.refused_connections++;
      return self.write(
          Response::error(503, "the server has as many connections as it may", "Retry-After: 1\r\n"));
    }
    self.enter(Phase::idle, self.after(self.shared_->limits.idle_seconds));
    self.read();
  };
  if (!stream_.is_tls()) return begin(*this);
  enter(Phase::handshake, after(shared_->limits.head_seconds));
  stream_.handshake(guarded([begin](Connection &self, const Error &error) {
    if (error) return self.close();
    begin(self);
  }));
}

// Reading

void Connection::read() {
  if (is_reading_ || peer_ended_) return;
  // Heads may be as long as their limit; other bytes pass through.
  constexpr size_t passing = 65536;
  size_t limit = 0;
  if (phase_ == Phase::idle || phase_ == Phase::head) limit = shared_->limits.head_bytes + InputBuffer::usual_capacity;
  if (is_reading_chunks()) limit = std::max<size_t>(passing, shared_->limits.head_bytes);
  const asio::mutable_buffer room = input_.room(limit);
  if (room.size() == 0) return watch();
  is_reading_ = true;
  stream_.read_some(room, guarded([](Connection &self, const Error &error, size_t count) {
    self.on_read(error, count);
  }));
}

void Connection::on_read(const Error &error, size_t count) {
  is_reading_ = false;
  input_.commit(count);
  if (is_end(error)) return on_end();
  if (error) return disconnect();
  proceed();
}

void Connection::on_end() {
  peer_ended_ = true;
  switch (phase_) {
    case Phase::working: return probe();
    case Phase::body: return refuse({400, "the request ended before its body did"});
    case Phase::lingering: return close();
    default: return proceed();
  }
}

void Connection::proceed() {
  switch (phase_) {
    case Phase::idle:
    case Phase::head: return read_head();
    case Phase::chunks: return read_chunks();
    case Phase::working:
    case Phase::writing: return read();
    case Phase::body: return take_body();
    case Phase::lingering: input_.clear(); return read();
    case Phase::handshake:
    case Phase::closed: return;
  }
}

void Connection::read_head() {
  // Some clients end a body with a line end too many.
  if (phase_ == Phase::idle && input_.view().substr(0, 2) == "\r\n") input_.consume(2);
  const std::string_view text = input_.view();
  const bool is_lone_return = phase_ == Phase::idle && text == "\r";
  if (text.empty() || is_lone_return) return peer_ended_ ? linger() : read();
  const HeadScanner::Result result = scanner_.scan(text, shared_->limits);
  if (result.refusal) return refuse(*result.refusal);
  if (result.length > 0) return take_head(result.length);
  if (peer_ended_) return refuse({400, "the request ended before its head did"});
  if (phase_ == Phase::idle) enter(Phase::head, after(shared_->limits.head_seconds));
  read();
}

void Connection::take_head(size_t length) {
  enter(Phase::head, deadline_);
  scanner_.reset();
  exchange_ = std::make_shared<Exchange>(shared_, worker_, weak_from_this(), peer_);
  RequestHead &head = exchange_->head;
  head.text = input_.view().substr(0, length);
  input_.consume(length);
  is_head_request_ = head.text.compare(0, 5, "HEAD ") == 0;
  if (const auto refusal = check_head(head.text, shared_->limits, &head.framing)) return refuse(*refusal);
  parser_.emplace(head, exchange_->body, shared_->limits);
  if (const auto refusal = parser_->parse_head()) return refuse(*refusal);
  version_ = head.version;
  keeps_alive_ = head.keeps_alive;
  begin_body();
}

void Connection::begin_body() {
  const Framing &framing = exchange_->head.framing;
  const uint64_t length = framing.length.value_or(0);
  if (!framing.chunked && length == 0) return hand_over();
  // Not worth a look of its own where the body is there already.
  if ((framing.chunked || input_.view().size() < length) && is_screened_out()) return;
  if (!shared_->budget.has(framing.chunked ? 1 : length)) {
    return refuse({503, "the server holds as many bytes of requests as it may"});
  }
  if (framing.expects_continue && input_.is_empty()) write_continue();
  if (framing.chunked) {
    enter(Phase::chunks, after(shared_->limits.body_seconds));
    return read_chunks();
  }
  enter(Phase::body, after(shared_->limits.body_seconds, length));
  exchange_->body.reserve(length);
  take_body();
}

void Connection::take_body() {
  const uint64_t missing = *exchange_->head.framing.length - exchange_->body.size();
  const std::string_view there = input_.view().substr(0, missing);
  if (!exchange_->body.append(there)) return refuse({503, "the server holds as many bytes of requests as it may"});
  input_.consume(there.size());
  read_body();
}

bool Connection::is_screened_out() {
  if (shared_->callbacks.screen == nullptr) return false;
  std::shared_ptr<Exchange> request = exchange_;
  handling = this;
  shared_->callbacks.screen(shared_->callbacks.context, ch_exchange{&request});
  handling = nullptr;
  if (!answer_of_handler_) return false;
  keeps_alive_ = false;
  parser_.reset();
  Response response = std::move(*answer_of_handler_);
  answer_of_handler_.reset();
  write(std::move(response));
  return true;
}

void Connection::read_body() {
  Body &body = exchange_->body;
  const uint64_t missing = *exchange_->head.framing.length - body.size();
  if (missing == 0) return hand_over();
  if (peer_ended_) return refuse({400, "the request ended before its body did"});
  // Begun while the request before was worked on: it ends in `take_body`.
  if (is_reading_) return;
  is_reading_ = true;
  stream_.read_some(
      asio::mutable_buffer(body.end(), missing),
      // The memory that is read into must stay, whatever becomes of the request.
      guarded([exchange = exchange_](Connection &self, const Error &error, size_t count) {
        self.on_body(error, count);
      }));
}

void Connection::on_body(const Error &error, size_t count) {
  is_reading_ = false;
  if (is_end(error)) return on_end();
  if (error) return disconnect();
  // The request was refused meanwhile.
  if (phase_ != Phase::body) return proceed();
  if (!exchange_->body.grow(count)) return refuse({503, "the server holds as many bytes of requests as it may"});
  read_body();
}

void Connection::read_chunks() {
  const RequestParser::Progress progress = parser_->parse_chunks(input_.view());
  input_.consume(progress.consumed);
  if (progress.refusal) return refuse(*progress.refusal);
  if (progress.is_done) return hand_over();
  if (peer_ended_) return refuse({400, "the request ended before its body did"});
  if (input_.view().size() >= shared_->limits.head_bytes) {
    return refuse({431, "a chunk's line or the trailers are too large"});
  }
  if (progress.consumed > 0) {
    // From the beginning of the body, and longer for what has come.
    deadline_ += seconds(static_cast<double>(progress.consumed) /
                         static_cast<double>(shared_->limits.bytes_per_second));
  }
  read();
}

void Connection::hand_over() {
  parser_.reset();
  enter(Phase::working, no_deadline);
  shared_->counters.requests++;
  if (peer_ended_) {
    probe();
  } else {
    read();
  }
  auto *const handle = new std::shared_ptr<Exchange>(exchange_);
  live_exchanges++;
  handling = this;
  shared_->callbacks.handler(shared_->callbacks.context, ch_exchange{handle});
  handling = nullptr;
  if (!answer_of_handler_) return;
  Response response = std::move(*answer_of_handler_);
  answer_of_handler_.reset();
  write(std::move(response));
}

bool Connection::take_answer_of_handler(const Exchange &exchange, Response &response) {
  if (handling != this || exchange_.get() != &exchange) return false;
  answer_of_handler_ = std::move(response);
  return true;
}

// Watching

void Connection::watch() {
  if (is_watching_) return;
  is_watching_ = true;
  stream_.socket().async_wait(Socket::wait_error, guarded([](Connection &self, const Error &) {
    pollfd state{self.stream_.socket().native_handle(), POLLIN, 0};
    ::poll(&state, 1, 0);
    // Urgent bytes end the wait too: they are no reason to close, and the next wait would end at once.
    if ((state.revents & (POLLERR | POLLHUP)) != 0) self.disconnect();
  }));
}

void Connection::probe() {
  watch();
  if (has_probed_ || is_writing_interim_ || version_ < 11) return;
  has_probed_ = true;
  write_continue();
}

// Writing

void Connection::write_continue() {
  is_writing_interim_ = true;
  stream_.write(asio::const_buffer(interim.data(), interim.size()),
                guarded([](Connection &self, const Error &error, size_t) {
                  self.is_writing_interim_ = false;
                  if (error) return self.disconnect();
                  if (self.response_) self.write_now();
                }));
}

void Connection::refuse(const Refusal &refusal) {
  shared_->counters.refused_requests++;
  report(refusal);
  keeps_alive_ = false;
  parser_.reset();
  write(Response::error(refusal.status, refusal.reason, refusal.status == 503 ? "Retry-After: 1\r\n" : ""));
}

void Connection::report(const Refusal &refusal) const {
  // What the handler has is its to report.
  if (shared_->callbacks.refused == nullptr || phase_ == Phase::working) return;
  std::string_view line;
  if (exchange_ != nullptr) line = std::string_view(exchange_->head.text).substr(0, exchange_->head.text.find("\r\n"));
  const std::string_view reason = refusal.reason;
  shared_->callbacks.refused(
      shared_->callbacks.context, {peer_->data(), peer_->size()}, {line.data(), line.size()}, refusal.status,
      {reason.data(), reason.size()});
}

void Connection::answer(const Exchange &exchange, Response response) {
  if (phase_ == Phase::working && exchange_.get() == &exchange) write(std::move(response));
}

void Connection::write(Response response) {
  enter(Phase::writing, after(shared_->limits.write_seconds, response.length()));
  exchange_.reset();
  response_ = std::move(response);
  // An interim answer that is on its way calls this again.
  if (!is_writing_interim_) write_now();
}

void Connection::write_now() {
  closes_after_ = !keeps_alive_ || shared_->draining || (peer_ended_ && input_.is_empty());
  const auto &buffers = response_->buffers({worker_->date(), version_, closes_after_, is_head_request_});
  stream_.write(buffers, guarded([](Connection &self, const Error &error, size_t) { self.on_written(error); }));
}

void Connection::on_written(const Error &error) {
  response_.reset();
  if (error) return close();
  if (closes_after_) return linger();
  is_head_request_ = false;
  enter(Phase::idle, after(shared_->limits.idle_seconds));
  read_head();
}

void Connection::linger() {
  if (phase_ == Phase::lingering) return;
  enter(Phase::lingering, after(shared_->limits.linger_seconds));
  stream_.end_writing([self = shared_from_this()] {});
  if (peer_ended_) return close();
  input_.clear();
  read();
}

void Connection::tick(Time now) {
  if (now >= deadline_) guarded([](Connection &self) { self.expire(); })();
}

void Connection::expire() {
  switch (phase_) {
    case Phase::head: return refuse({408, "the request's head took too long"});
    case Phase::body:
    case Phase::chunks: return refuse({408, "the request's body took too long"});
    case Phase::idle: return linger();
    // What the system has taken to send goes on its way.
    case Phase::lingering: return close();
    default: return disconnect();
  }
}

void Connection::close_if_idle() {
  if (phase_ == Phase::idle || phase_ == Phase::handshake) close();
}

void Connection::give_up() {
  if (phase_ == Phase::working) {
    const auto exchange = exchange_;
    refuse({503, "the server is stopping"});
    exchange->disconnect();
  }
}

void Connection::disconnect() {
  // What a client that has left, or reads nothing, was sent is not kept for it.
  Error ignored;
  stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const bool was_working = phase_ == Phase::working;
  enter(Phase::closed, no_deadline);
  Error ignored;
  stream_.socket().close(ignored);
  worker_->remove(place_);
  shared_->close_connection();
  const auto exchange = std::move(exchange_);
  if (was_working) {
    shared_->counters.disconnects++;
    exchange->disconnect();
  }
}

}  // namespace consort::http
