import Predictions
import Statistics

extension CandidatePool {
  /// How often as many images as would suffice would do so.
  private static let shownShare = 0.8

  var tolerance: Double { options.tolerance / 100 }
  var level: Double { 1 - options.confidence / 100 }

  /// Tests what was designed against all single models, on the images that prove.
  func prove(_ designed: DesignedCandidates, _ parts: HoldOutParts) -> Promise {
    let claims = claims(designed)
    let sequence = FixedSequence(claims, parts, tolerance: tolerance, level: level)
    func id(_ place: Int) -> String { candidates[designed.indices[place]].id }
    let shown = sequence.shown.map { id($0.claim) }
    // A member alone has nothing to be compared with.
    let alone = claims.isEmpty ? candidates[reference].id : nil
    return Promise(
      designImages: parts.design.count, proofImages: parts.proofBits.count,
      repeatedImages: parts.repeated,
      tests: sequence.steps.map { step in
        Promise.Test(
          candidate: id(step.claim), against: step.rival.map(id),
          accuracy: Double(claims[step.claim].isRight.count(in: parts.proofBits))
            / Double(max(1, parts.proofBits.count)),
          difference: step.test?.difference ?? 0,
          differing: step.test.map { $0.onlyFirst + $0.onlySecond } ?? 0, pValue: step.pValue,
          isShown: step.isShown)
      },
      shown: shown ?? (sets.test.count == 1 ? alone : nil),
      neededImages: shown == nil
        ? neededImages(sequence.steps.map { claims[$0.claim] }, parts) : nil)
  }

  /// Of each candidate that was designed: that it is as good as every other single model.
  func claims(_ designed: DesignedCandidates) -> [Claim] {
    let rivals = designed.indices.indices.filter {
      candidates[designed.indices[$0]].kind == .single
    }.map {
      Claim.Rival(
        index: $0, isRight: designed.isRight[$0], flattery: designed.flattery[$0])
    }
    return designed.indices.indices.map { place in
      Claim(
        isRight: designed.isRight[place], flattery: designed.flattery[place],
        cost: designed.costs[place], rivals: rivals.filter { $0.index != place })
    }
  }

  /// How many images of the hold-out would show the claim that the fewest would show.
  private func neededImages(_ claims: [Claim], _ parts: HoldOutParts) -> Int? {
    let reach =
      NormalDistribution.quantile(1 - level) + NormalDistribution.quantile(Self.shownShare)
    return claims.compactMap { claim -> Int? in
      guard let test = claim.test(in: parts.isFirst, tolerance: tolerance)?.test else { return nil }
      let gain = test.difference + tolerance
      guard gain > 0 else { return nil }
      let images = Double(test.images + 1)
      let share = Double(test.onlyFirst + test.onlySecond + 1) / images
      let variance = max(share - test.difference * test.difference, 1 / images)
      let needed = reach * reach * variance / (gain * gain) / HoldOutParts.proofShare
      return needed < 1e12 ? max(Int(needed.rounded(.up)), test.images + 1) : nil
    }.min()
  }
}
