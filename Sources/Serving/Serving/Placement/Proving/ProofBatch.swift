import Deployment
import Inference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Images with what a member says of them, by which a worker proves that it computes that very member.
struct ProofBatch: Sendable {
  /// How many images: enough that an answer that depends on the others of its batch is seen.
  static let size = 4

  /// How many images there are.
  let count: Int
  /// Of one image, as the member takes it: `[C, H, W]` or `[H, W, C]`.
  let shape: [Int]
  let classes: Int
  /// What the member's output is, where its file or its user says it.
  let outputKind: ImageModel.OutputKind
  /// float32, one image after another.
  let images: TensorBytes
  /// `[count, classes]`, in nats, computed here one by one.
  let logProbabilities: [Float]

  /// Computes the member here, once.
  ///
  /// - Throws: `InferenceError`.
  init(_ member: EnsembleMember, options: InferenceOptions) throws(InferenceError) {
    let input = member.model.input
    let batch = input.fixedBatch ?? 1
    let classifier = try Classifier([member.model], batch: batch, options: options)
    let session = try InferenceSession(classifier)
    var (images, logProbabilities) = ([Float](), [Float]())
    for number in 0..<Self.size {
      let pixels = Self.pixels(number, count: 3 * input.height * input.width)
      let part = UnsafeMutableBufferPointer(rebasing: session.input[..<input.count])
      pixels.withUnsafeBytes { member.preprocessing.normalize($0, into: part) }
      images += part
      try session.run()
      logProbabilities += try session.logProbabilities(of: 0, count: 1)
    }
    count = Self.size
    shape = Array(input.shape(batch: 1).dropFirst())
    classes = member.model.classes
    outputKind = member.model.outputKind
    self.images = TensorBytes(values: images)
    self.logProbabilities = logProbabilities
  }

  /// An image of noise, finer or coarser and brighter or darker by its number, always the same.
  private static func pixels(_ number: Int, count: Int) -> [UInt8] {
    var state = UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15
    var value: UInt64 = 0
    return (0..<count).map { index in
      if index.isMultiple(of: 1 << (2 * number)) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        value = state >> 56
      }
      return UInt8(truncatingIfNeeded: number == 1 ? value / 2 : value)
    }
  }

  /// The greatest difference of a probability that rounding on another machine may leave.
  static let tolerance: Float = 1e-4
  /// The greatest difference of a logarithm above `leastLogarithm`: it tells networks apart that are sure of the same class.
  private static let (logarithmTolerance, leastLogarithm): (Float, Float) = (0.05, -15)

  /// Compares what a worker says of the first images with the member.
  ///
  /// - Parameter said: Log-probabilities, `[N, classes]`, of at most `count` images.
  /// - Returns: What differs, in words; nil where they agree.
  func difference(from said: [Float]) -> String? {
    var largest: (difference: Float, image: Int, ours: Float, theirs: Float) = (0, 0, 0, 0)
    var hasOtherLogarithms = false
    for (index, (ours, theirs)) in zip(logProbabilities, said).enumerated() {
      let (ourShare, theirShare) = (exp(ours), exp(theirs))
      let difference = abs(ourShare - theirShare)
      if !(difference <= largest.difference) {
        largest = (difference, index / classes, ourShare, theirShare)
      }
      if max(ours, theirs) > Self.leastLogarithm,
        !(abs(ours - theirs) <= Self.logarithmTolerance * max(1, -max(ours, theirs)))
      {
        hasOtherLogarithms = true
      }
    }
    if !(largest.difference <= Self.tolerance) {
      return
        "a probability of test image \(largest.image) is \(largest.theirs) there, and \(largest.ours) here"
    }
    return hasOtherLogarithms ? "small probabilities of the test images differ" : nil
  }
}
