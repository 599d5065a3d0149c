// One connection: its requests, one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "Exchange.h"
#include "InputBuffer.h"
#include "RequestHead.h"
#include "RequestParser.h"
#include "Response.h"
#include "Server.h"
#include "Stream.h"
#include "Worker.h"

namespace consort::http {

/// All functions but `take_answer_of_handler` are called on the worker's thread.
///
/// One read is under way at nearly all times, also while a request is worked on: so it is seen when the client leaves.
/// What is read meanwhile, the beginning of the next request, waits in the buffer, which does not grow for it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Shared> shared, std::shared_ptr<Worker> worker,
             std::shared_ptr<const std::string> peer, Socket socket, std::shared_ptr<asio::ssl::context> tls);

  /// Begins to serve; a connection beyond the limit is told so instead.
  void start(bool is_beyond_limit);
  /// Sends the answer where `exchange` is still the request that is worked on.
  void answer(const Exchange &exchange, Response response);
  /// Takes an answer that the handler gives before it returns; false where this is another thread or request.
  bool take_answer_of_handler(const Exchange &exchange, Response &response);

  /// Ends what took too long.
  void tick(Time now);
  /// Closes the connection where no request has begun.
  void close_if_idle();
  /// Answers a request that is worked on with 503.
  void give_up();
  /// Closes at once; a request that was not answered is disconnected.
  void disconnect();

 private:
  enum class Phase {
    handshake,
    /// Before the first byte of a request.
    idle,
    head,
    /// A body of a declared length, read straight into its place.
    body,
    chunks,
    /// The handler has the request.
    working,
    writing,
    /// The last answer is written; the client reads it.
    lingering,
    closed
  };

  void enter(Phase phase, Time deadline);
  static bool is_busy(Phase phase);
  Time after(double count) const { return Clock::now() + seconds(count); }
  Time after(double count, uint64_t bytes) const;

  /// Makes what Asio calls: `body` on this connection while it is open. Without memory the connection is closed.
  template <typename Body>
  auto guarded(Body body);

  // Reading
  void read();
  void on_read(const Error &error, size_t count);
  void on_end();
  void proceed();
  void read_head();
  void take_head(size_t length);
  void begin_body();
  /// Whether the handler refuses the request by its head alone, and its answer is on its way.
  bool is_screened_out();
  /// Moves what was read along with something else to its place in the body.
  void take_body();
  void read_body();
  void on_body(const Error &error, size_t count);
  void read_chunks();
  void hand_over();
  bool is_reading_chunks() const { return phase_ == Phase::chunks; }

  // Watching a client that sends nothing more, or too much
  void watch();
  void probe();

  // Writing
  void refuse(const Refusal &refusal);
  void report(const Refusal &refusal) const;
  void write_continue();
  void write(Response response);
  void write_now();
  void on_written(const Error &error);
  void linger();
  void expire();
  void close();

  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Worker> worker_;
  const std::shared_ptr<const std::string> peer_;
  Stream stream_;
  Worker::Place place_;
  Phase phase_ = Phase::handshake;
  Time deadline_ = no_deadline;

  InputBuffer input_;
  HeadScanner scanner_;
  std::shared_ptr<Exchange> exchange_;
  std::optional<RequestParser> parser_;
  bool is_reading_ = false, is_watching_ = false, peer_ended_ = false, has_probed_ = false;

  // What an answer depends on, kept after its exchange has gone.
  int version_ = 11;
  bool keeps_alive_ = false, is_head_request_ = false;
  std::optional<Response> response_;
  // An interim answer is on its way, and the answer waits for it.
  bool is_writing_interim_ = false;
  bool closes_after_ = false;
  std::optional<Response> answer_of_handler_;
};

}  // namespace consort::http
