import Datasets
import Inference

/// The one tensor that an exported ensemble takes, float32.
package struct EnsembleInput: Hashable, Sendable {
  /// What turns images into it: what the members have, or RGB pixels of 0...1, channels first.
  package let preprocessing: Preprocessing
  /// Whether it is what each member takes; else it is pixels, and each member normalises them.
  package let isMembersOwn: Bool
  /// The only number of images at a time; nil where any will do.
  package let fixedBatch: Int?

  /// Finds what all members can be fed.
  ///
  /// - Parameter path: The ensemble's, for errors.
  /// - Throws: `DeploymentError.notOneModel` where they take images of different sizes, framed otherwise, or in different
  ///   fixed batches.
  package init(of members: [EnsembleMember], path: String) throws(DeploymentError) {
    let first = members[0]
    for member in members.dropFirst() {
      guard let difference = Self.difference(first.preprocessing, member.preprocessing) else {
        continue
      }
      throw .notOneModel(
        path: path,
        reason:
          "'\(first.name)' and '\(member.name)' take \(difference), and one tensor cannot be both")
    }
    let fixed = members.filter { $0.model.input.fixedBatch != nil }
    for member in fixed.dropFirst()
    where member.model.input.fixedBatch != fixed[0].model.input.fixedBatch {
      throw .notOneModel(
        path: path,
        reason: "'\(fixed[0].name)' and '\(member.name)' take batches of different fixed sizes; "
          + "export them for any batch")
    }
    fixedBatch = fixed.first?.model.input.fixedBatch
    isMembersOwn = members.allSatisfy { $0.preprocessing == first.preprocessing }
    var common = first.preprocessing
    if !isMembersOwn {
      common.mean = [0, 0, 0]
      common.standardDeviation = [255, 255, 255]
      (common.layout, common.channelOrder) = (.channelsFirst, .rgb)
    }
    preprocessing = common
  }

  /// Why the same pixels cannot be fed to both; nil where they can.
  private static func difference(_ first: Preprocessing, _ second: Preprocessing) -> String? {
    guard (first.height, first.width) == (second.height, second.width) else {
      return
        "images of \(first.height) x \(first.width) and of \(second.height) x \(second.width) pixels"
    }
    return (first.resizing, first.interpolation) == (second.resizing, second.interpolation)
      ? nil : "images that are resized or cropped otherwise"
  }

  /// The dimensions after the batch's.
  package var shape: [Int] {
    let (height, width) = (preprocessing.height, preprocessing.width)
    return preprocessing.layout == .channelsFirst ? [3, height, width] : [height, width, 3]
  }

  /// One line for those who feed it.
  package var summary: String {
    isMembersOwn
      ? "images as the members take them, float32 \(shape)"
      : "RGB pixels of 0 to 1, float32 \(shape); each member normalises them itself"
  }
}
