import Ensembles
import Statistics

extension TinyEnsemble {
  /// What is said of an ensemble that predicts nine of ten images of its hold-out right.
  ///
  /// - Parameters:
  ///   - images: Of the hold-out.
  ///   - answers: What its answers looked like.
  ///   - reductions: Places of the members that are lost, what is made of the others, and the share that is then right.
  package static func expectedService(
    images: Int, _ answers: AnswerCounts,
    reductions: [(missing: [Int], combination: Combination, accuracy: Double)] = []
  ) -> ExpectedService {
    func share(_ value: Double) -> MeasuredShare {
      MeasuredShare(value: value, interval: ConfidenceInterval(ofShare: value, count: images))
    }
    return ExpectedService(
      images: images, accuracy: share(0.9), answers: answers,
      reductions: reductions.map { missing, combination, accuracy in
        ReducedService(
          missing: missing.map { "member-\($0)" }, combination: combination,
          accuracy: share(accuracy), multiplyAccumulates: 1)
      })
  }
}
