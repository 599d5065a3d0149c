// An HTTP/1.1 server as Consort uses it, in plain C: Boost.Beast, Asio and OpenSSL behind it.
//
// Every function that can fail returns a status; its result comes through the last argument, owned by the caller, who
// frees it once. Arguments are borrowed unless they say otherwise. No C++ exception crosses this boundary.
//
// Beast and not libmicrohttpd 0.9.75, which takes requests that can be read in two ways, answers faults with HTML, and
// sees no client leave while its request is worked on; nor cpp-httplib and its like, which need a thread a connection.
//
// Few threads serve all connections, and none waits for a handler's work: a handler must return at once, and answer
// then or later, from any thread.
//
// What is taken for a disconnect while a request is being worked on:
//   - a reset, or any other error of the socket: at once;
//   - an end of what the client sends (FIN) looks the same whether the client closed the connection or only its own half
//     (shutdown(SHUT_WR)). To an HTTP/1.1 client the server then sends one interim answer, `100 Continue`, which every
//     client must skip: a closed connection replies with a reset, which is a disconnect; a half-closed one gets its
//     answer. An HTTP/1.0 client knows no interim answers: its end is taken for a half-close;
//   - pipelined requests beyond the room that is read ahead hide an end behind them until they are read; a reset is
//     noticed all the same.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CH_OK = 0,
  /// Another socket listens there.
  CH_ADDRESS_IN_USE,
  /// The system does not let this process listen there.
  CH_PERMISSION_DENIED,
  /// The address is none of this machine, cannot be resolved, or is no socket's.
  CH_BAD_ADDRESS,
  /// The certificates or the key cannot be used.
  CH_BAD_CERTIFICATE,
  CH_SYSTEM_ERROR,
  CH_OUT_OF_MEMORY,
  CH_OTHER_ERROR
} ch_status;

/// What the last function that failed on this thread says; valid until the next one fails.
const char *ch_last_error(void);
/// How many handles are alive: for tests that look for leaks.
int64_t ch_live_handles(void);

typedef struct { void *pointer; } ch_server;
typedef struct { void *pointer; } ch_exchange;

/// Bytes that lie somewhere; no final zero.
typedef struct {
  const char *bytes;
  size_t count;
} ch_bytes;

typedef enum { CH_TCP = 0, CH_UNIX, CH_DESCRIPTOR } ch_address_kind;

typedef struct {
  ch_address_kind kind;
  /// A host's name or number, or the socket's path.
  const char *name;
  /// 0 lets the system choose.
  uint16_t port;
  /// A socket that listens already; it is taken over, and closed at the end.
  int32_t descriptor;
} ch_address;

/// What a client may ask for. Beyond a limit comes an error as JSON, and the connection is closed.
typedef struct {
  /// Request line and headers, with their line ends. Beyond: 431.
  uint64_t head_bytes;
  /// Beyond: 431.
  uint64_t headers;
  /// The request's target. Beyond: 414.
  uint64_t target_bytes;
  /// Beyond: 413, before the body is read where its length is declared.
  uint64_t body_bytes;
  /// Chunks of one body. Beyond: 413.
  uint64_t chunks;
  /// Connections at once. Beyond: 503.
  uint64_t connections;
  /// Bodies of all requests that are being read or worked on, together. Beyond: 503 with `Retry-After`.
  uint64_t held_bytes;
  /// From the first byte of a request to the end of its head. Beyond: 408.
  double head_seconds;
  /// For a request's body, and for writing an answer, beside a second for each `bytes_per_second`. Beyond: 408, or the
  /// connection is closed.
  double body_seconds;
  double write_seconds;
  uint64_t bytes_per_second;
  /// Without a request, a connection is closed.
  double idle_seconds;
  /// After the last answer, what the client still sends is read and thrown away, so that it can read the answer.
  double linger_seconds;
} ch_limits;

typedef struct {
  ch_address address;
  /// PEM files for TLS, or null for plain HTTP.
  const char *certificate_chain;
  const char *private_key;
  size_t threads;
  ch_limits limits;
} ch_configuration;

/// Takes over a whole request: it owns `exchange`. Runs on a thread that serves many connections.
typedef void (*ch_handler)(void *context, ch_exchange exchange);

/// Looks at the head of a request whose body has yet to come. What it answers before it returns refuses the request: the
/// body is not read, and the connection is closed. `request` is borrowed, and has no body.
typedef void (*ch_screen)(void *context, ch_exchange request);

/// Is told of a request that the server refuses by itself, with the answer's status and reason. `request_line` is empty
/// where the request was refused before its head was whole.
typedef void (*ch_refused)(void *context, ch_bytes peer, ch_bytes request_line, int32_t status, ch_bytes reason);

/// What is called on the threads that serve connections: each must return at once.
typedef struct {
  ch_handler handler;
  /// May be null.
  ch_screen screen;
  /// May be null.
  ch_refused refused;
  /// Called once when nothing else can be called any more.
  void (*release)(void *context);
  void *context;
} ch_callbacks;

/// Begins to listen and serve. Where this fails, `release` is not called.
ch_status ch_server_create(const ch_configuration *configuration, const ch_callbacks *callbacks, ch_server *result);
/// Stops at once where it was not stopped. Returns when no handler runs any more; called by a handler, earlier.
void ch_server_free(ch_server server);

/// The port that is listened at; 0 where it is no TCP port.
uint16_t ch_server_port(ch_server server);
/// Goes on serving, and asks every client to close its connection with the answer.
void ch_server_drain(ch_server server);
/// Accepts no more connections.
void ch_server_stop_listening(ch_server server);
/// Accepts no more connections, closes those without a request, and waits until all requests are answered; after so many
/// seconds those left are answered 503 and closed. Says whether all were answered in time. Not to be called by a handler.
bool ch_server_stop(ch_server server, double seconds);
/// Reads certificates and key again, for connections to come; where that fails, the old ones stay.
ch_status ch_server_reload_certificate(ch_server server);

typedef struct {
  /// Connections that are open.
  uint64_t open_connections;
  /// Since the start:
  uint64_t accepted_connections;
  /// Connections beyond the limit.
  uint64_t refused_connections;
  /// Requests handed to the handler.
  uint64_t requests;
  /// Requests answered with an error by the server itself.
  uint64_t refused_requests;
  /// Requests whose client left before the answer.
  uint64_t disconnects;
  /// Bytes of bodies that are held now.
  uint64_t held_bytes;
} ch_statistics;

ch_statistics ch_server_statistics(ch_server server);

/// Lets go of a request; where it was not answered, 500 is.
void ch_exchange_free(ch_exchange exchange);

// A request as it came; all is valid as long as the exchange. Names of headers are as the client wrote them.
ch_bytes ch_exchange_method(ch_exchange exchange);
ch_bytes ch_exchange_target(ch_exchange exchange);
/// 10 or 11.
int32_t ch_exchange_version(ch_exchange exchange);
size_t ch_exchange_header_count(ch_exchange exchange);
void ch_exchange_header(ch_exchange exchange, size_t index, ch_bytes *name, ch_bytes *value);
ch_bytes ch_exchange_body(ch_exchange exchange);
/// Such as `127.0.0.1:50312`, or `unix`.
ch_bytes ch_exchange_peer(ch_exchange exchange);

/// Whether the client was seen to leave before the answer.
bool ch_exchange_is_disconnected(ch_exchange exchange);
/// Calls `callback` once when the client leaves before the answer, or at once where it has left, on any thread. After
/// that, or when nothing can come any more, calls `release` once. Takes the place of an earlier callback.
void ch_exchange_on_disconnect(
    ch_exchange exchange, void (*callback)(void *context), void (*release)(void *context), void *context);

typedef struct {
  /// 200...599.
  int32_t status;
  const ch_bytes *header_names;
  const ch_bytes *header_values;
  size_t header_count;
  /// Borrowed until `release` is called.
  const ch_bytes *chunks;
  size_t chunk_count;
  /// Called once when the bytes of the chunks are no longer needed; may be null.
  void (*release)(void *context);
  void *context;
} ch_response;

/// Answers, from any thread. Only the first answer counts. Headers that frame the message, and `Date`, are the server's:
/// they are left out. A header that cannot be sent makes the answer a 500.
void ch_exchange_respond(ch_exchange exchange, const ch_response *response);

#ifdef __cplusplus
}
#endif
