import Deployment
import Ensembles
import Predictions

/// What an ensemble says of the images of a request.
struct EnsembleAnswer: Sendable {
  /// Images that were answered without members that they needed.
  struct Degraded: Hashable, Sendable {
    /// The members' places, ascending.
    let missing: [Int]
    let rows: [Int]
    /// What answered them.
    let service: ReducedService
  }

  /// How many images.
  let count: Int
  /// Combined, `[N, classes]`, in nats.
  private(set) var logProbabilities: [Float]
  /// `[N]`: the most probable class, or the one with the least expected cost where the ensemble says what errors cost.
  private(set) var classes: [Int]
  /// Of each member that ran, `[N, classes]`, in nats; of a cascade only for the images that came to it.
  let memberLogProbabilities: [[Float]]
  /// `[N]`: after which member, from 0, each image stopped.
  private(set) var exits: [Int]
  /// Which members ran on which images.
  let progress: JobProgress
  /// The images that were not answered by the whole ensemble.
  let degraded: [Degraded]
  private let errorCosts: ErrorCosts?
  /// How long the images waited, were made numbers of, went through members, and were combined, in seconds.
  var queueSeconds = 0.0
  var inputSeconds = 0.0
  var computeSeconds = 0.0
  var outputSeconds = 0.0

  /// Combines what members say.
  ///
  /// - Parameters:
  ///   - combination: Of as many members.
  ///   - logProbabilities: Of each member, `[N, classes]`, in nats; anything where it did not run.
  ///   - progress: Which members ran on which images.
  ///   - reduction: What is left without some members; nil where nothing may answer then.
  /// - Throws: `ProtocolError.membersLost`, or `.internalFault`.
  init(
    of ensemble: LoadedEnsemble, _ combination: Combination, logProbabilities: [[Float]],
    progress: JobProgress, reduction: ([Int]) -> ReducedService?
  ) throws(ProtocolError) {
    count = progress.exits.count
    self.progress = progress
    memberLogProbabilities = logProbabilities
    let predictions: [Predictions]
    do throws(EnsembleError) {
      predictions = try Self.predictions(of: ensemble, logProbabilities, progress)
      exits =
        progress.isStaged || combination.cascade == nil
        ? progress.exits : try combination.exits(predictions)
    } catch {
      throw .internalFault("\(error)")
    }
    self.logProbabilities = []
    classes = []
    let groups = Self.groups(of: progress, exits: exits, isCascade: combination.cascade != nil)
    var degraded: [Degraded] = []
    for group in groups.degraded {
      guard let service = reduction(group.missing) else {
        throw .membersLost(group.missing.map { ensemble.members[$0].name })
      }
      degraded.append(Degraded(missing: group.missing, rows: group.rows, service: service))
    }
    self.degraded = degraded
    errorCosts = ensemble.errorCosts
    do throws(EnsembleError) {
      try combineWhole(groups.whole, of: predictions, by: combination)
      for group in degraded { try combine(group, of: predictions) }
    } catch {
      throw .internalFault("\(error)")
    }
  }

  private static func predictions(
    of ensemble: LoadedEnsemble, _ logProbabilities: [[Float]], _ progress: JobProgress
  ) throws(EnsembleError) -> [Predictions] {
    let width = ensemble.classes
    // What stands for a member that did not run is any distribution: it is not looked at.
    let any = [0] + [Float](repeating: -.infinity, count: width - 1)
    var predictions: [Predictions] = []
    for (member, values) in logProbabilities.enumerated() {
      var values = values
      for row in progress.exits.indices where !progress.hasRun(member, on: row) {
        values.replaceSubrange(row * width..<(row + 1) * width, with: any)
      }
      let said = ensemble.members[member]
      predictions.append(
        try Predictions(
          name: said.name, network: said.network, multiplyAccumulates: said.multiplyAccumulates,
          parameters: said.parameters, split: "requests", fingerprint: "none",
          logProbabilities: values, labels: [Int64](repeating: 0, count: progress.exits.count),
          classes: width))
    }
    return predictions
  }

  /// The images that the whole ensemble answers, and the others. Where all members of a cascade run, an image that stops before
  /// what it lacks does not lack it.
  private static func groups(
    of progress: JobProgress, exits: [Int], isCascade: Bool
  ) -> (whole: [Int], degraded: [JobProgress.Group]) {
    let mayStopBefore = isCascade && !progress.isStaged
    var whole: [Int] = []
    var degraded: [JobProgress.Group] = []
    for group in progress.groups(of: Array(exits.indices)) {
      let isWhole = { (row: Int) in
        guard let first = group.missing.first else { return true }
        return mayStopBefore && exits[row] < first
      }
      whole += group.rows.filter(isWhole)
      let lacking = group.rows.filter { !isWhole($0) }
      if !lacking.isEmpty {
        degraded.append(JobProgress.Group(missing: group.missing, rows: lacking))
      }
    }
    return (whole.sorted(), degraded)
  }

  private mutating func combineWhole(
    _ rows: [Int], of members: [Predictions], by combination: Combination
  ) throws(EnsembleError) {
    guard !rows.isEmpty else { return }
    let parts = try Self.select(rows, of: members)
    set(
      try combination.combine(parts, exits: rows.map { exits[$0] }, name: "ensemble"), of: rows)
  }

  private mutating func combine(
    _ group: Degraded, of members: [Predictions]
  ) throws(EnsembleError) {
    let left = members.indices.filter { !group.missing.contains($0) }
    let parts = try Self.select(group.rows, of: left.map { members[$0] })
    let combination = group.service.combination
    // Places among the members that are left.
    let stops =
      progress.isStaged
      ? group.rows.map { row in left.lastIndex { $0 <= progress.exits[row] } ?? 0 }
      : try combination.exits(parts)
    for (row, stop) in zip(group.rows, stops) { exits[row] = left[stop] }
    set(try combination.combine(parts, exits: stops, name: "ensemble"), of: group.rows)
  }

  private static func select(
    _ rows: [Int], of members: [Predictions]
  ) throws(EnsembleError) -> [Predictions] {
    guard rows.count < members[0].count else { return members }
    var parts: [Predictions] = []
    for member in members { parts.append(try member.selecting(rows)) }
    return parts
  }

  private mutating func set(_ combined: Predictions, of rows: [Int]) {
    let found = errorCosts?.decisions(of: combined) ?? combined.predictedClasses()
    guard rows.count < count else {
      logProbabilities = combined.withLogProbabilities { Array($0) }
      classes = found
      return
    }
    let width = combined.classes
    if classes.isEmpty {
      logProbabilities = [Float](repeating: 0, count: count * width)
      classes = [Int](repeating: 0, count: count)
    }
    combined.withLogProbabilities { values in
      for (place, row) in rows.enumerated() {
        logProbabilities.replaceSubrange(
          row * width..<(row + 1) * width, with: values[place * width..<(place + 1) * width])
        classes[row] = found[place]
      }
    }
  }
}

extension EnsembleAnswer {
  /// `[N]`: how many members ran on each image.
  var membersRun: [Int] {
    (0..<count).map { row in
      (0..<progress.members).reduce(0) { $0 + (progress.hasRun($1, on: row) ? 1 : 0) }
    }
  }

  /// The members that some image was answered without, by their places, ascending.
  var missing: [Int] { Set(degraded.flatMap(\.missing)).sorted() }
}
