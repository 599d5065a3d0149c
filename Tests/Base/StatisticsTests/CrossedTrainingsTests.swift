import Foundation
import Statistics
import TestSupport
import Testing

@Suite struct CrossedTrainingsTests {
  private struct Case: Decodable {
    /// `[kind][training][image]`.
    let kinds: [[[Double]]]
    let interval: [Double]
  }

  private static func mean(_ trainings: [[Double]]) -> [Double] {
    trainings[0].indices.map { image in
      trainings.reduce(0) { $0 + $1[image] } / Double(trainings.count)
    }
  }

  /// The first kind's mean less the others', with one of the means in another's place.
  private static func values(
    _ kinds: [[[Double]]], replacing place: Int? = nil, by other: [Double] = []
  ) -> [Double] {
    let means = kinds.enumerated().map { $0 == place ? other : mean($1) }
    return means[0].indices.map { image in
      means[0][image] - means.dropFirst().reduce(0) { $0 + $1[image] }
    }
  }

  @Test func intervalsAreThoseOfAnAnalysisOfVariance() throws {
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(contentsOf: URL(filePath: fixture("crossed.json"))))
    #expect(cases.count == 5)
    for expected in cases {
      let kinds = expected.kinds
      let left = kinds.indices.map { place in
        kinds[place].indices.map { training in
          let others = kinds[place].indices.filter { $0 != training }.map { kinds[place][$0] }
          return Self.values(kinds, replacing: place, by: Self.mean(others))
        }
      }
      let found = try #require(CrossedTrainings(Self.values(kinds), leftOut: left).interval)
      #expect(abs(found.lowerBound - expected.interval[0]) < 1e-9)
      #expect(abs(found.upperBound - expected.interval[1]) < 1e-9)
    }
  }

  @Test func oneTrainingSaysNothingOfOthers() {
    let values = [0.0, 1, 1, 0, 1]
    let figures = CrossedTrainings(values, leftOut: [[values]])
    #expect(figures.interval == nil)
    #expect(figures.estimate == 0.6)
    #expect(figures.imageInterval.lowerBound < 0.6 && figures.imageInterval.upperBound > 0.6)
  }
}
