import Ensembles
import Files

/// The work of predicting images with the members of an ensemble, and the time it takes.
struct PredictionWork {
  let members: [EnsembleMember]
  let images: PredictionImages
  /// Those that are predicted.
  let range: Range<Int>
  let options: PredictionOptions
  let results: PredictionResults
  /// Of what was run, without the time that compiling takes.
  private(set) var seconds = 0.0
  /// What is to be said of the members' outputs.
  private(set) var notes: [Note] = []

  init(
    members: [EnsembleMember], images: PredictionImages, range: Range<Int>,
    options: PredictionOptions, results: PredictionResults
  ) {
    self.members = members
    self.images = images
    self.range = range
    self.options = options
    self.results = results
  }

  /// The images as a choice; nil where they are all.
  private var choice: [Int]? { range.count == images.count ? nil : Array(range) }

  /// Runs every member on every image, those of a group together.
  ///
  /// - Returns: `[range.count]`: after which member each image stopped: the last.
  mutating func run(_ groups: [[Int]]) throws -> [Int] {
    for (number, group) in groups.enumerated() {
      let run = try GroupRun(group, of: members, images: images.count, options: options)
      let start = ContinuousClock.now
      try run.compute(
        images, choice: choice, hashesContents: number == 0, into: results)
      notes += run.notes
      seconds += start.duration(to: .now) / .seconds(1)
    }
    return [Int](repeating: members.count - 1, count: range.count)
  }

  /// Runs each member on the images that have not stopped after those before it.
  ///
  /// - Returns: `[range.count]`: after which member each image stopped.
  mutating func runStages(of combination: Combination) throws -> [Int] {
    let last = members.count - 1
    var exits = [Int](repeating: last, count: range.count)
    var remaining = Array(range)
    for stage in members.indices where !remaining.isEmpty {
      let run = try GroupRun([stage], of: members, images: images.count, options: options)
      let start = ContinuousClock.now
      try run.compute(
        images, choice: stage == 0 ? choice : remaining, hashesContents: stage == 0, into: results)
      notes += run.notes
      let came = remaining.count
      remaining = results.predicted(by: stage + 1, of: remaining)
      if stage < last, !remaining.isEmpty {
        let rows = (0...stage).map { results.logProbabilities(of: $0, on: remaining) }
        let stops = try combination.stops(afterRows: rows, classes: members[0].model.classes)
        for (image, stop) in zip(remaining, stops) where stop {
          exits[image - range.lowerBound] = stage
        }
        remaining = zip(remaining, stops).filter { !$0.1 }.map(\.0)
      }
      seconds += start.duration(to: .now) / .seconds(1)
      if stage < last { results.skip((came - remaining.count) * (last - stage)) }
    }
    return exits
  }
}
