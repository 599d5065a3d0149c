// The C face.
#include "CHTTPClient.h"
#include "Client.h"
#include "Failure.h"
#include "Guarded.h"

using namespace consort::httpclient;

namespace {

/// For `boundary::guarded`.
struct Library : consort::boundary::State<Library> {
  using Status = cc_status;
  static constexpr cc_status ok = CC_OK, out_of_memory = CC_OUT_OF_MEMORY, other_error = CC_OTHER_ERROR;

  using Exception = Failure;
  static const char *message(const Failure &error) { return error.what(); }
  static cc_status status(const Failure &error) { return error.status; }
};

template <typename Body>
cc_status guarded(Body &&body) noexcept {
  return consort::boundary::guarded<Library>(std::forward<Body>(body));
}

Client &client(cc_client handle) { return *static_cast<Client *>(handle.pointer); }

}  // namespace

const char *cc_last_error(void) { return Library::last_error.c_str(); }
int64_t cc_live_handles(void) { return Library::live_handles + live_transfers; }

cc_status cc_client_create(const cc_configuration *configuration, cc_client *result) {
  return guarded([&] {
    result->pointer = new Client(*configuration);
    ++Library::live_handles;
  });
}

void cc_client_free(cc_client handle) {
  if (handle.pointer == nullptr) return;
  auto *const target = &client(handle);
  const auto end = [target] {
    delete target;
    --Library::live_handles;
  };
  if (!target->is_own_thread()) return end();
  // The thread cannot wait for its own end.
  guarded([&] { std::thread(end).detach(); });
}

cc_status cc_client_send(
    cc_client handle, const cc_request *request, cc_completion completion, void *context, uint64_t *id) {
  return guarded([&] { *id = client(handle).send(*request, completion, context); });
}

void cc_client_cancel(cc_client handle, uint64_t id) {
  guarded([&] { client(handle).cancel(id); });
}
