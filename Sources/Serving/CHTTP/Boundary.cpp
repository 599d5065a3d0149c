// The C face.
#include "CHTTP.h"
#include "Connection.h"
#include "Exchange.h"
#include "Failure.h"
#include "Guarded.h"
#include "Server.h"

using namespace consort::http;

namespace {

/// For `boundary::guarded`.
struct Library : consort::boundary::State<Library> {
  using Status = ch_status;
  static constexpr ch_status ok = CH_OK, out_of_memory = CH_OUT_OF_MEMORY, other_error = CH_OTHER_ERROR;

  using Exception = Failure;
  static const char *message(const Failure &error) { return error.what(); }
  static ch_status status(const Failure &error) { return error.status; }
};

template <typename Body>
ch_status guarded(Body &&body) noexcept {
  return consort::boundary::guarded<Library>(std::forward<Body>(body));
}

Server &server(ch_server handle) { return *static_cast<Server *>(handle.pointer); }
Exchange &exchange(ch_exchange handle) { return **static_cast<std::shared_ptr<Exchange> *>(handle.pointer); }

ch_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

const char *ch_last_error(void) { return Library::last_error.c_str(); }
int64_t ch_live_handles(void) { return Library::live_handles + live_exchanges; }

ch_status ch_server_create(const ch_configuration *configuration, const ch_callbacks *callbacks, ch_server *result) {
  return guarded([&] {
    result->pointer = new Server(*configuration, *callbacks);
    ++Library::live_handles;
  });
}

void ch_server_free(ch_server handle) {
  if (handle.pointer == nullptr) return;
  auto *const target = &server(handle);
  const auto end = [target] {
    delete target;
    --Library::live_handles;
  };
  if (!target->is_own_thread()) return end();
  // A thread cannot wait for its own end.
  guarded([&] { std::thread(end).detach(); });
}

uint16_t ch_server_port(ch_server handle) { return server(handle).port(); }
void ch_server_drain(ch_server handle) { server(handle).drain(); }
void ch_server_stop_listening(ch_server handle) {
  guarded([&] { server(handle).stop_listening(); });
}

bool ch_server_stop(ch_server handle, double seconds) {
  bool result = false;
  guarded([&] { result = server(handle).stop(seconds); });
  return result;
}

ch_status ch_server_reload_certificate(ch_server handle) {
  return guarded([&] { server(handle).reload_certificate(); });
}

ch_statistics ch_server_statistics(ch_server handle) { return server(handle).statistics(); }

void ch_exchange_free(ch_exchange handle) {
  if (handle.pointer == nullptr) return;
  guarded([&] {
    if (!exchange(handle).is_answered()) {
      exchange(handle).respond(Response::error(500, "the request was let go without an answer"));
    }
  });
  delete static_cast<std::shared_ptr<Exchange> *>(handle.pointer);
  --live_exchanges;
}

ch_bytes ch_exchange_method(ch_exchange handle) { return bytes(exchange(handle).head.method); }
ch_bytes ch_exchange_target(ch_exchange handle) { return bytes(exchange(handle).head.target); }
int32_t ch_exchange_version(ch_exchange handle) { return exchange(handle).head.version; }
size_t ch_exchange_header_count(ch_exchange handle) { return exchange(handle).head.fields.size(); }

void ch_exchange_header(ch_exchange handle, size_t index, ch_bytes *name, ch_bytes *value) {
  const Field &field = exchange(handle).head.fields[index];
  *name = bytes(field.name);
  *value = bytes(field.value);
}

ch_bytes ch_exchange_body(ch_exchange handle) {
  const Body &body = exchange(handle).body;
  return {body.data(), body.size()};
}

ch_bytes ch_exchange_peer(ch_exchange handle) { return bytes(*exchange(handle).peer); }
bool ch_exchange_is_disconnected(ch_exchange handle) { return exchange(handle).is_disconnected(); }

void ch_exchange_on_disconnect(
    ch_exchange handle, void (*callback)(void *context), void (*release)(void *context), void *context) {
  exchange(handle).on_disconnect(Callback(callback, release, context));
}

void ch_exchange_respond(ch_exchange handle, const ch_response *response) {
  Response answer;
  const ch_status status = guarded([&] { answer = Response(*response); });
  if (status != CH_OK && response->release != nullptr) response->release(response->context);
  // Without memory for the answer, the exchange's end makes it a 500.
  if (status == CH_OK) guarded([&] { exchange(handle).respond(std::move(answer)); });
}
