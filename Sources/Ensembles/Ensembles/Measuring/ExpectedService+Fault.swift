import Statistics

extension ExpectedService {
  /// What is wrong with it as that of an ensemble, such as "its answers are 3 of 5 images"; nil where nothing is.
  ///
  /// - Parameters:
  ///   - members: The ensemble's, in order, with the multiply-accumulates of one image through each.
  ///   - combination: How they become one, which fits them.
  package func fault(
    members: [(name: String, multiplyAccumulates: Int)], combination: Combination
  ) -> String? {
    guard images > 0 else { return "it was measured on \(images) images" }
    if let fault = accuracy.fault { return "its accuracy \(fault)" }
    let stages = combination.cascade == nil ? nil : members.count
    if let fault = answers.fault(images: images, stages: stages, members: members.count) {
      return fault
    }
    guard Set(reductions.map { Set($0.missing) }).count == reductions.count else {
      return "two of its reductions lack the same members"
    }
    for reduction in reductions {
      if let fault = reduction.fault(members: members, whole: combination) {
        return "its reduction without '\(reduction.missing.joined(separator: "', '"))': \(fault)"
      }
    }
    return nil
  }
}

extension MeasuredShare {
  /// Such as "is not in its interval".
  fileprivate var fault: String? {
    let (lower, upper) = (interval.lowerBound, interval.upperBound)
    guard [value, lower, upper].allSatisfy((0...1).contains) else { return "is not of 0 to 1" }
    return lower <= value && value <= upper ? nil : "is not in its interval"
  }
}

extension AnswerCounts {
  /// - Parameter stages: Of a cascade, how many members it has; nil where all run.
  fileprivate func fault(images: Int, stages: Int?, members: Int) -> String? {
    guard exits?.count == stages else {
      return stages.map { "it has exits after \(exits?.count ?? 0) members of \($0)" }
        ?? "it has exits and no cascade"
    }
    if let exits, !Self.add(exits, upTo: images) { return "its exits are not those of all images" }
    guard confidences.count == confidenceBounds.count + 1 else {
      return
        "it has \(confidences.count) bins of confidences for \(confidenceBounds.count) bounds"
    }
    guard Self.add(confidences, upTo: images) else {
      return "its confidences are not those of all images"
    }
    guard confidenceBounds.allSatisfy((0...1).contains),
      zip(confidenceBounds, confidenceBounds.dropFirst()).allSatisfy(<)
    else { return "the bounds of its confidences are not of 0 to 1 and ascending" }
    guard (0...(members > 1 ? images : 0)).contains(disagreements) else {
      return "its members disagree on \(disagreements) of \(images) images"
    }
    return nil
  }

  /// Whether counts, none below 0, add up to it.
  private static func add(_ counts: [Int], upTo total: Int) -> Bool {
    var left = total
    for count in counts {
      guard (0...left).contains(count) else { return false }
      left -= count
    }
    return left == 0
  }
}

extension ReducedService {
  fileprivate func fault(
    members: [(name: String, multiplyAccumulates: Int)], whole: Combination
  ) -> String? {
    let left = members.filter { !missing.contains($0.name) }
    guard !missing.isEmpty, !left.isEmpty, left.count + missing.count == members.count else {
      return "it lacks not some of the members, each once"
    }
    if let fault = combination.fault(memberCount: left.count) { return fault }
    guard combination.rule == whole.rule, combination.isAsWeighted(as: whole, members: left.count)
    else { return "it does not combine its members as the whole does" }
    if let fault = accuracy.fault { return "its accuracy \(fault)" }
    let greatest = left.reduce(0) { $0 + Double($1.multiplyAccumulates) }
    // A mean of sums may come out a hair above the sum.
    guard multiplyAccumulates > 0, multiplyAccumulates <= greatest * (1 + 1e-9),
      combination.cascade != nil || multiplyAccumulates >= greatest * (1 - 1e-9)
    else { return "its cost is not that of its members" }
    return nil
  }
}

extension Combination {
  /// Whether it stops early, and counts members differently, where the whole does; one member alone does neither.
  fileprivate func isAsWeighted(as whole: Combination, members: Int) -> Bool {
    guard members > 1 else { return cascade == nil }
    return cascade?.confidence == whole.cascade?.confidence
      && (weights == nil) == (whole.weights == nil)
  }
}
