// An HTTP/1.1 client as Consort uses it, in plain C: libcurl's multi interface behind it.
//
// Every function that can fail returns a status; its result comes through the last argument, owned by the caller, who
// frees it once. Arguments are borrowed unless they say otherwise. No C++ exception crosses this boundary.
//
// One thread carries all requests of a client. Connections are kept and used again. What libcurl would do on its own and
// is left out here: redirects, proxies of the environment, other schemes than http and https, `Expect: 100-continue`,
// signals, and names and passwords in a URL. The peer's certificate is always checked.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  CC_OK = 0,
  /// No URL, or of another scheme, or with a name and password.
  CC_BAD_URL,
  /// The host's name has no address.
  CC_UNKNOWN_HOST,
  /// Nothing answers there: refused, unreachable, or no connection in time.
  CC_CANNOT_CONNECT,
  /// The certificate is not trusted, or there is no TLS.
  CC_UNTRUSTED,
  /// Connected, and no whole answer in time.
  CC_TIMED_OUT,
  /// The answer has more bytes than were wanted.
  CC_TOO_LARGE,
  /// The connection ended before the answer did, or it is no HTTP.
  CC_BROKEN,
  CC_CANCELLED,
  /// The client was freed before the answer.
  CC_STOPPED,
  /// The file of certificates cannot be read.
  CC_BAD_CERTIFICATES,
  CC_OUT_OF_MEMORY,
  CC_OTHER_ERROR
} cc_status;

/// What the last function that failed on this thread says; valid until the next one fails.
const char *cc_last_error(void);
/// How many clients and requests are alive: for tests that look for leaks.
int64_t cc_live_handles(void);

typedef struct { void *pointer; } cc_client;

/// Bytes that lie somewhere; no final zero.
typedef struct {
  const char *bytes;
  size_t count;
} cc_bytes;

typedef struct {
  /// A PEM file of the authorities that are trusted in place of the system's; null for the system's.
  const char *authorities;
  /// Connections that are kept without a request.
  uint32_t idle_connections;
  /// An idle connection that is older is not used again: less than servers keep theirs, which close them without a word.
  uint32_t idle_seconds;
} cc_configuration;

/// Starts the client's thread.
cc_status cc_client_create(const cc_configuration *configuration, cc_client *result);
/// Ends all requests with `CC_STOPPED`. Returns when no completion runs any more; called by a completion, earlier.
void cc_client_free(cc_client client);

typedef struct {
  /// A final zero ends it.
  const char *url;
  /// POST, with the body; otherwise GET.
  bool is_post;
  const cc_bytes *header_names;
  const cc_bytes *header_values;
  size_t header_count;
  /// The body, one after the other; the bytes are borrowed until the completion was called.
  const cc_bytes *parts;
  size_t part_count;
  /// For all of the request, from now on, and of it for the connection.
  int64_t timeout_ms;
  int64_t connect_timeout_ms;
  /// The most bytes of an answer's body.
  uint64_t body_limit;
  /// Whether none of the kept connections will do.
  bool wants_new_connection;
} cc_request;

typedef struct {
  /// Such as 200.
  int32_t status;
  size_t header_count;
  const cc_bytes *header_names;
  const cc_bytes *header_values;
  cc_bytes body;
  /// Whether no kept connection carried it: another process may have answered than before.
  bool is_new_connection;
} cc_response;

/// Is called once a request, on the client's thread, where it must return at once. `response` is there where `status` is
/// `CC_OK`, and valid during the call, as `message` is, which says what went wrong.
typedef void (*cc_completion)(void *context, cc_status status, const char *message, const cc_response *response);

/// Sends a request, from any thread; the completion is called only where this succeeds.
///
/// - id: What `cc_client_cancel` takes.
cc_status cc_client_send(
    cc_client client, const cc_request *request, cc_completion completion, void *context, uint64_t *id);
/// Ends a request, whose completion is called with `CC_CANCELLED`; nothing where it has ended.
void cc_client_cancel(cc_client client, uint64_t id);

#ifdef __cplusplus
}
#endif
