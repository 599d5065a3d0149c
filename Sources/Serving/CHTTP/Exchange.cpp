#include "Exchange.h"

#include "Connection.h"
#include "Server.h"
#include "Worker.h"

namespace consort::http {

Exchange::Exchange(std::shared_ptr<Shared> shared, std::shared_ptr<Worker> worker,
                   std::weak_ptr<Connection> connection, std::shared_ptr<const std::string> peer)
    : shared_(std::move(shared)),
      body(shared_->budget),
      peer(std::move(peer)),
      worker_(std::move(worker)),
      connection_(std::move(connection)) {}

void Exchange::respond(Response response) {
  if (answered_.exchange(true)) return;
  Callback dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped = std::move(callback_);
  }
  const auto connection = connection_.lock();
  if (connection == nullptr) return;
  if (connection->take_answer_of_handler(*this, response)) return;
  worker_->post([connection, self = shared_from_this(), response = std::move(response)]() mutable {
    connection->answer(*self, std::move(response));
  });
}

void Exchange::on_disconnect(Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    if (answered_) return;
    if (!disconnected_) {
      std::swap(callback_, callback);
      return;
    }
  }
  callback();
}

void Exchange::disconnect() {
  Callback callback;
  {
    const std::lock_guard lock(mutex_);
    if (answered_ || disconnected_) return;
    disconnected_ = true;
    callback = std::move(callback_);
  }
  callback();
}

}  // namespace consort::http
