import Serving

extension PrometheusText {
  /// What was measured of the members that run on other servers.
  mutating func addWorkers(_ models: [ModelMeasurements]) {
    let workers = models.flatMap { model in
      model.workers.map { (model: model.statistics.name, worker: $0) }
    }
    guard !workers.isEmpty else { return }
    begin("consort_worker_state", .gauge, "1 for the state that a worker is in")
    for (model, worker) in workers {
      for state in WorkerState.allCases {
        add(
          "consort_worker_state",
          [
            "model": model, "member": worker.member, "worker": worker.url, "state": state.rawValue,
          ], worker.state == state ? 1 : 0)
      }
    }
    let values: [(String, Kind, String, (WorkerMeasurements) -> Int)] = [
      ("requests_total", .counter, "Requests sent to a worker", \.requests),
      ("images_total", .counter, "Images that a worker answered", \.images),
      ("failures_total", .counter, "Requests without an answer that can be used", \.failures),
      ("hedges_total", .counter, "Requests because another worker took long", \.hedges),
      ("retries_total", .counter, "Requests because another worker failed", \.retries),
      ("requests_in_flight", .gauge, "Requests that are under way", \.inFlight),
    ]
    for (name, kind, help, value) in values {
      begin("consort_worker_\(name)", kind, help)
      for (model, worker) in workers {
        add("consort_worker_\(name)", Self.labels(model, worker), value(worker))
      }
    }
    begin("consort_worker_duration_seconds", .histogram, "Time of a worker's answers")
    for (model, worker) in workers {
      addHistogram(
        "consort_worker_duration_seconds", Self.labels(model, worker), worker.durations)
    }
  }

  private static func labels(_ model: String, _ worker: WorkerMeasurements) -> Labels {
    ["model": model, "member": worker.member, "worker": worker.url]
  }
}
