import Decisions
import Deployment
import Formatting
import Inference
import Predictions

/// How long the members of a cascade take, what that makes for an image on average, and what the whole takes.
package struct CascadeTimes: Encodable {
  package let batch, threads: Int
  package let members: [Member]
  /// The mean over images as they came to the members when the cascade was chosen; nil where it was not recorded.
  package let expectedMilliseconds: Double?
  /// The same measured as a whole, for one image at a time; nil where it was not recorded how many stop where.
  package let measured: Whole?

  /// The rounds' median, least and greatest mean of an image.
  package struct Whole: Encodable {
    package let onAverage, throughAllMembers: MeasuredTimes.Time
    package let rounds, imagesPerRound: Int
  }

  package struct Member: Encodable {
    package let name: String
    package let medianMilliseconds: Double
    /// The share of the images that come to it; nil where it was not recorded.
    package let imageFraction: Double?
  }

  /// Times each member alone, then all as they follow one another.
  ///
  /// - Parameter seconds: How long each is run.
  /// - Throws: `InferenceError`.
  package init(
    _ models: [ImageModel], _ manifest: EnsembleManifest, batch: Int, seconds: Double,
    options: InferenceOptions
  ) throws {
    (self.batch, threads) = (batch, options.threads)
    var rest = 1.0
    var members: [Member] = []
    for (index, model) in models.enumerated() {
      let classifier = try Classifier([model], batch: batch, options: options)
      let median = try InferenceTimes([classifier], seconds: seconds).quantile(0.5)
      members.append(
        Member(
          name: manifest.members[index].name, medianMilliseconds: 1000 * median,
          imageFraction: manifest.exitFractions.map { _ in rest }))
      rest = max(0, rest - (manifest.exitFractions?[index] ?? 0))
    }
    self.members = members
    expectedMilliseconds = manifest.exitFractions.map { fractions in
      Cost.expected(members.map(\.medianMilliseconds), fractions)
    }
    measured = try Whole(models, manifest, batch: batch, seconds: seconds, options: options)
  }

  /// The rows of some measurements as a table.
  package static func text(_ rows: [CascadeTimes]) -> String {
    var table = TextTable(columns: [
      .init("batch", .right), .init("threads", .right), .init("member", isKept: true),
      .init("images that reach it %", .right), .init("p50 ms", .right, isKept: true),
    ])
    for row in rows {
      let head = [row.batch.grouped, row.threads.grouped]
      for member in row.members {
        let share = member.imageFraction.map { NumberFormat.percent($0) } ?? "–"
        table.append(head + [member.name, share, NumberFormat.fixed(member.medianMilliseconds, 3)])
      }
      let expected = row.expectedMilliseconds.map { NumberFormat.fixed($0, 3) } ?? "–"
      table.append(head + ["expected of the cascade, on average", "", expected])
      let all = row.members.reduce(0) { $0 + $1.medianMilliseconds }
      let share = row.members.last?.imageFraction.map { NumberFormat.percent($0) } ?? "–"
      table.append(head + ["expected through all members", share, NumberFormat.fixed(all, 3)])
      guard let measured = row.measured else { continue }
      table.append(
        head + ["measured of the cascade, on average", "", text(measured.onAverage)])
      table.append(
        head + ["measured through all members", share, text(measured.throughAllMembers)])
    }
    return table.text()
  }

  private static func text(_ time: MeasuredTimes.Time) -> String {
    "\(NumberFormat.fixed(time.median, 3)) (\(NumberFormat.fixed(time.least, 3)) to \(NumberFormat.fixed(time.greatest, 3)))"
  }
}

extension CascadeTimes.Whole {
  private static let roundCount = 5

  fileprivate init?(
    _ models: [ImageModel], _ manifest: EnsembleManifest, batch: Int, seconds: Double,
    options: InferenceOptions
  ) throws {
    // Of several images at a time some stop and others do not, and batches are made up anew.
    guard batch == 1, let fractions = manifest.exitFractions else { return nil }
    let run = try CascadeRun(
      models, combination: manifest.combination, exitFractions: fractions, beside: nil,
      options: options, rounds: Self.roundCount, seconds: seconds / Double(Self.roundCount))
    onAverage = MeasuredTimes.Time(run.milliseconds)
    throughAllMembers = MeasuredTimes.Time(run.slowestMilliseconds)
    (rounds, imagesPerRound) = (run.milliseconds.count, run.imagesPerRound)
  }
}
