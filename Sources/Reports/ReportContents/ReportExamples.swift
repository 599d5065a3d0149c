import Datasets
import Decisions
import Deployment
import MemberSources
import Predictions
import Reports

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Images that the chosen candidate gets right and the best single member wrong.
enum ReportExamples {
  /// The most that are shown.
  static let count = 24

  /// Picks images, those first of which the chosen one is surest, and reads their pictures.
  ///
  /// - Returns: None where the chosen one is the best single member, or where the images are not at hand.
  static func find(_ analysis: MemberAnalysis) throws -> [ExampleImage] {
    guard let decision = analysis.decision, decision.chosen != decision.reference,
      let images = analysis.sources.images.test,
      let reference = decision.candidate(decision.reference)
    else { return [] }
    let test = analysis.sources.test
    guard images.labels == test[0].labels else { return [] }
    let chosen = try combine(decision.deployed, test)
    let single = try combine(reference, test)
    let sure = chosen.predictedClasses()
    let wrong = single.predictedClasses()
    let found = test[0].labels.indices.filter {
      Int64(sure[$0]) == test[0].labels[$0] && Int64(wrong[$0]) != test[0].labels[$0]
    }
    let order = found.sorted {
      (probability(chosen, $1, sure[$1]), $0) < (probability(chosen, $0, sure[$0]), $1)
    }
    let names = images.classNames
    return try images.pictures(of: Array(order.prefix(count))).compactMap { index, picture in
      guard let png = picture.png() else { return nil }
      return ExampleImage(
        png: png, label: names[Int(test[0].labels[index])],
        chosen: (names[sure[index]], probability(chosen, index, sure[index])),
        reference: (names[wrong[index]], probability(single, index, wrong[index])))
    }
  }

  private static func combine(
    _ candidate: Candidate, _ test: [Predictions]
  ) throws -> Predictions {
    let byName = Dictionary(uniqueKeysWithValues: test.map { ($0.name, $0) })
    return try candidate.combination.combine(
      candidate.members.compactMap { byName[$0] }, name: candidate.id)
  }

  private static func probability(_ predictions: Predictions, _ image: Int, _ c: Int) -> Double {
    predictions.withLogProbabilities { exp(Double($0[image * predictions.classes + c])) }
  }
}
