import Predictions
import Randomness
import Statistics

/// A model of members whose truth is known: each sees the right class in noise, part of which it shares.
///
/// Of image i with class y, member m sees of class c
///
///     e(i, m, c) = (quality(m) + spread * d(i)) * [c = y] + sqrt(shared) * g(i, c) + sqrt(family) * h(i, f(m), c)
///                  + sqrt(1 - shared - family) * o(i, m, c)
///
/// with all of d (how easy the image is), g (what misleads everyone), h (what misleads members of one network) and o (a
/// member's own error) independent and standard normal. Its log-probabilities are those of the softmax of
/// sharpness(m) * e; about `quality` makes them fit the accuracy, more makes them overconfident.
struct Simulation: Codable, Hashable, Sendable {
  /// One member.
  struct Member: Codable, Hashable, Sendable {
    var network: String
    /// By how many standard deviations the right class stands out.
    var quality: Double
    /// What its evidence is multiplied by; as its quality where it is nil.
    var sharpness: Double?
    /// Of one image, in thousands.
    var kiloMultiplyAccumulates: Int
  }

  var classes = 10
  var members: [Member]
  /// How much easier some images are than others.
  var spread = 0.8
  /// The share of the noise's variance that all members have in common.
  var shared: Double
  /// The share that members of one network have in common, beyond that.
  var family: Double
  var seed: UInt64

  /// Predictions of fresh images by all members; the same path gives the same ones.
  func predictions(images: Int, split: String, path: [UInt64]) throws -> [Predictions] {
    let stream = path.reduce(RandomStream(seed: seed)) { $0.branch($1) }
    var generator = NormalStream(stream.branch(0))
    var labelGenerator = stream.branch(1)
    let labels = (0..<images).map { _ in Int64(labelGenerator.integer(below: classes)) }
    var values = [[Float]](repeating: [], count: members.count)
    for place in values.indices { values[place].reserveCapacity(images * classes) }
    let families = Array(Set(members.map(\.network))).sorted()
    let familyOf = members.map { families.firstIndex(of: $0.network) ?? 0 }
    var row = [Float](repeating: 0, count: classes)
    for label in labels {
      let ease = spread * generator.next()
      let common = (0..<classes).map { _ in shared.squareRoot() * generator.next() }
      let ofFamily = families.map { _ in
        (0..<classes).map { common[$0] + family.squareRoot() * generator.next() }
      }
      for (place, member) in members.enumerated() {
        let scale = member.sharpness ?? member.quality
        let own = (1 - shared - family).squareRoot()
        var logits = ofFamily[familyOf[place]].map { scale * ($0 + own * generator.next()) }
        logits[Int(label)] += scale * (member.quality + ease)
        row.withUnsafeMutableBufferPointer { logSoftmax(logits[...], into: $0) }
        values[place] += row
      }
    }
    return try members.indices.map { place in
      try Predictions(
        name: "\(members[place].network)-\(place)", network: members[place].network,
        multiplyAccumulates: 1000 * members[place].kiloMultiplyAccumulates,
        parameters: members[place].kiloMultiplyAccumulates, split: split,
        fingerprint: "\(split) \(path)", logProbabilities: values[place], labels: labels,
        classes: classes)
    }
  }
}

/// Standard normal numbers.
///
/// Source: Marsaglia and Bray, the polar method, doi:10.1137/1006063.
struct NormalStream {
  private var stream: RandomStream
  private var spare: Double?

  init(_ stream: RandomStream) { self.stream = stream }

  mutating func next() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    while true {
      let first = 2 * stream.unitInterval() - 1
      let second = 2 * stream.unitInterval() - 1
      let square = first * first + second * second
      guard square > 0, square < 1 else { continue }
      let factor = (-2 * naturalLogarithm(square) / square).squareRoot()
      spare = second * factor
      return first * factor
    }
  }
}
