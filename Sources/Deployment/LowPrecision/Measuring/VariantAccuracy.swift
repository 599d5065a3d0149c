import Statistics

/// What a variant's predictions are worth beside float32's, on images that nothing was chosen on.
package struct VariantAccuracy: Codable, Hashable, Sendable {
  /// How many images, and how many each gets right.
  package let images, right, float32Right: Int
  /// Images on which only float32, or only the variant, is right.
  package let onlyFloat32Right, onlyVariantRight: Int
  /// Images for which both predict one class.
  package let agreeing: Int

  /// - Parameters:
  ///   - float32: `[N]`, predicted classes.
  ///   - variant: `[N]`, predicted classes.
  ///   - labels: `[N]`.
  init(float32: [Int], variant: [Int], labels: [Int]) {
    images = labels.count
    let pairs = zip(zip(float32, variant), labels).map {
      (float32: $0.0 == $1, variant: $0.1 == $1, agrees: $0.0 == $0.1)
    }
    right = pairs.count { $0.variant }
    float32Right = pairs.count { $0.float32 }
    onlyFloat32Right = pairs.count { $0.float32 && !$0.variant }
    onlyVariantRight = pairs.count { !$0.float32 && $0.variant }
    agreeing = pairs.count { $0.agrees }
  }

  private var difference: PairedDifference {
    PairedDifference(
      onlyFirst: onlyFloat32Right, onlySecond: onlyVariantRight, images: images)
  }

  /// Float32's accuracy less the variant's, of 1.
  package var loss: Double { difference.value }
  /// Where the true loss lies, with 95 %.
  package var lossInterval: ClosedRange<Double> { difference.interval() }
  /// The variant's accuracy, of 1.
  package var accuracy: Double { Double(right) / Double(max(images, 1)) }
  /// The share of the images for which both predict one class.
  package var agreement: Double { Double(agreeing) / Double(max(images, 1)) }
}
