import HTTP

extension EnsembleServer {
  /// What an operator is to know of a server.
  package enum Event {
    /// A model was loaded for the first time.
    case loaded(ServedModel)
    /// All are loaded.
    case ready
    /// A model, the tokens or the certificate were read again; those before stay in use where there is an error.
    case reloaded(what: String, error: (any Error)?)
    /// The traffic of a model began to look otherwise than its hold-out, or looks like it again.
    case drift(DriftChange)
    /// It is no longer ready, and goes on for so long.
    case draining(seconds: Double)
    /// It has ended; whether all requests were answered.
    case ended(isComplete: Bool)
  }

  /// How long requests may take at the end, in seconds. With 5 s of draining it is less than Kubernetes' 30 s.
  private static let finishingSeconds = 20.0

  /// How often it is looked whether the traffic has changed, in seconds.
  private static let watchSeconds = 1.0

  /// Loads all models and serves until a signal ends it.
  ///
  /// - Parameters:
  ///   - drainSeconds: How long it goes on after SIGTERM.
  ///   - report: Is called with what happens.
  /// - Throws: What loading a model throws; the server has ended then.
  package func run(
    _ signals: inout ServerSignals, drainSeconds: Double, report: (Event) -> Void
  ) throws {
    do {
      guard try loadAll(&signals, report) else {
        return end(&signals, report)
      }
    } catch {
      end(&signals) { _ in }
      throw error
    }
    report(.ready)
    var watch = DriftWatch()
    while true {
      switch signals.next(within: Self.watchSeconds) {
      case nil: for change in watch.changes(in: measurements) { report(.drift(change)) }
      case .reload:
        for (what, error) in reload() { report(.reloaded(what: what, error: error)) }
      case .interrupt: return end(&signals, report)
      case .end:
        drain(&signals, seconds: drainSeconds, report)
        return end(&signals, report)
      }
    }
  }

  /// Loads the models.
  ///
  /// - Returns: Whether a signal has not ended it before.
  private func loadAll(
    _ signals: inout ServerSignals, _ report: (Event) -> Void
  ) throws -> Bool {
    for model in servedModels {
      try load(model)
      report(.loaded(model))
      if let request = signals.next(within: 0), request != .reload { return false }
    }
    return true
  }

  private func drain(
    _ signals: inout ServerSignals, seconds: Double, _ report: (Event) -> Void
  ) {
    guard seconds > 0 else { return }
    drain()
    report(.draining(seconds: seconds))
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      let left = ContinuousClock.now.duration(to: end) / .seconds(1)
      // A second signal ends it now.
      if let request = signals.next(within: left), request != .reload { return }
    }
  }

  private func end(_ signals: inout ServerSignals, _ report: (Event) -> Void) {
    signals.release()
    report(.ended(isComplete: stop(within: Self.finishingSeconds)))
  }
}
