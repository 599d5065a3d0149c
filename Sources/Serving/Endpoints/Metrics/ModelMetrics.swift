import HTTP
import Serving
import Synchronization

/// How many answers had each status.
final class ResponseCounts: Sendable {
  private let counts = Mutex<[Int: Int]>([:])

  func add(_ status: Int) { counts.withLock { $0[status, default: 0] += 1 } }

  var snapshot: [Int: Int] { counts.withLock { $0 } }
}

extension PrometheusText {
  /// The names that Triton's metrics have, for what they cover, and our own.
  mutating func addModels(_ models: [ModelMeasurements]) {
    addRequests(models)
    addDurations(models)
    addCascades(models)
    addLosses(models)
    addDrift(models)
    addHistograms(models)
    addWorkers(models)
  }

  private mutating func addRequests(_ models: [ModelMeasurements]) {
    addEach(
      models, "nv_inference_request_success", .counter, "Requests that were answered"
    ) { $0.requests.success.count }
    begin("nv_inference_request_failure", .counter, "Requests that were not answered, by reason")
    for model in models {
      for reason in FailureReason.allCases {
        add(
          "nv_inference_request_failure",
          [
            "model": model.statistics.name, "version": model.statistics.version,
            "reason": reason.rawValue,
          ], model.failures[reason] ?? 0)
      }
    }
    addEach(models, "nv_inference_count", .counter, "Images that were answered") {
      $0.inferenceCount
    }
    addEach(models, "nv_inference_exec_count", .counter, "Batches that members computed") {
      $0.executionCount
    }
    begin("nv_inference_pending_request_count", .gauge, "Requests that wait or are computed")
    for model in models {
      add("nv_inference_pending_request_count", Self.labels(model), model.pendingRequests)
    }
  }

  private mutating func addDurations(_ models: [ModelMeasurements]) {
    addEach(
      models, "nv_inference_request_duration_us", .counter, "Microseconds from requests to answers"
    ) { $0.requests.success.nanoseconds / 1000 }
    addEach(
      models, "nv_inference_queue_duration_us", .counter, "Microseconds that requests waited"
    ) { $0.requests.queue.nanoseconds / 1000 }
    addEach(
      models, "nv_inference_compute_input_duration_us", .counter,
      "Microseconds that images took to be decoded and normalised, all together"
    ) { $0.requests.computeInput.nanoseconds / 1000 }
    addEach(
      models, "nv_inference_compute_infer_duration_us", .counter,
      "Microseconds from the first work on requests to their members' last batch, without the inputs'"
    ) { $0.requests.computeInfer.nanoseconds / 1000 }
    addEach(
      models, "nv_inference_compute_output_duration_us", .counter,
      "Microseconds that members took to be combined"
    ) { $0.requests.computeOutput.nanoseconds / 1000 }
  }

  private mutating func addCascades(_ models: [ModelMeasurements]) {
    begin("consort_exit_images_total", .counter, "Images by the stage after which they stopped")
    for model in models {
      for (stage, count) in model.exits.enumerated() {
        add(
          "consort_exit_images_total",
          ["model": model.statistics.name, "stage": "\(stage + 1)"], count)
      }
    }
    begin("consort_member_images_total", .counter, "Images that each member computed")
    for model in models {
      for (member, count) in zip(model.members, model.memberImages) {
        add(
          "consort_member_images_total", ["model": model.statistics.name, "member": member], count)
      }
    }
  }

  private mutating func addLosses(_ models: [ModelMeasurements]) {
    begin(
      "consort_degraded_answers_total", .counter, "Images answered without members that were lost")
    for model in models {
      for degraded in model.degraded {
        add(
          "consort_degraded_answers_total",
          [
            "model": model.statistics.name,
            "missing": degraded.missing.joined(separator: ","),
          ], degraded.images)
      }
    }
    begin("consort_member_lost_total", .counter, "Images that a member was lost for")
    for model in models {
      for (member, losses) in zip(model.members, model.losses) {
        for (reason, count) in losses.sorted(by: { $0.key < $1.key }) {
          add(
            "consort_member_lost_total",
            ["model": model.statistics.name, "member": member, "reason": reason], count)
        }
      }
    }
  }

  private mutating func addHistograms(_ models: [ModelMeasurements]) {
    begin("consort_batch_size", .histogram, "Images of the batches that members computed")
    for model in models {
      let batches = model.statistics.batches.map {
        (size: $0.batchSize, count: Int($0.computeInfer.count))
      }
      let bounds = (0...10).map { 1 << $0 }
      let bins = bounds.map { bound in
        let count = batches.filter { $0.size <= bound && 2 * $0.size > bound }
          .reduce(0) { $0 + $1.count }
        return (bound: "\(bound)", count: count)
      }
      addHistogram(
        "consort_batch_size", ["model": model.statistics.name], bins: bins,
        count: batches.reduce(0) { $0 + $1.count },
        sum: Double(batches.reduce(0) { $0 + $1.size * $1.count }))
    }
    begin("consort_request_duration_seconds", .histogram, "Time of requests that were answered")
    for model in models {
      addHistogram(
        "consort_request_duration_seconds", ["model": model.statistics.name], model.durations)
    }
  }

  private static func labels(_ model: ModelMeasurements) -> Labels {
    ["model": model.statistics.name, "version": model.statistics.version]
  }

  private mutating func addEach(
    _ models: [ModelMeasurements], _ name: String, _ kind: Kind, _ help: String,
    _ value: (ModelStatistics) -> UInt64
  ) {
    begin(name, kind, help)
    for model in models { add(name, Self.labels(model), value(model.statistics)) }
  }

  /// What belongs to no model.
  mutating func addServer(
    _ responses: [Int: Int], http: HTTPStatistics?, waitingImages: Int, omittedLogLines: Int
  ) {
    begin("consort_http_responses_total", .counter, "Answers by status")
    for (status, count) in responses.sorted(by: { $0.key < $1.key }) {
      add("consort_http_responses_total", ["code": "\(status)"], count)
    }
    begin("consort_waiting_images", .gauge, "Images that wait or are computed")
    add("consort_waiting_images", [:], waitingImages)
    begin(
      "consort_access_log_omitted_lines_total", .counter, "Lines that could not be written in time")
    add("consort_access_log_omitted_lines_total", [:], omittedLogLines)
    guard let http else { return }
    let values: [(String, Kind, String, Int)] = [
      ("consort_http_connections", .gauge, "Open connections", http.openConnections),
      (
        "consort_http_refused_connections_total", .counter, "Connections beyond the limit",
        http.refusedConnections
      ),
      (
        "consort_http_refused_requests_total", .counter,
        "Requests that were no valid HTTP, or beyond a limit", http.refusedRequests
      ),
      (
        "consort_http_disconnects_total", .counter, "Requests whose client left before the answer",
        http.disconnects
      ),
      ("consort_http_held_bytes", .gauge, "Bytes of requests' bodies", http.heldBytes),
    ]
    for (name, kind, help, value) in values {
      begin(name, kind, help)
      add(name, [:], value)
    }
  }
}
