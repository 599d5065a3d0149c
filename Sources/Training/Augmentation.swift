import Experiments
import Randomness
import Torch

/// Random crops of the image with reflection around it, and mirror images.
///
/// Choosing the images, padding, cropping and mirroring are one gather over the resident bytes.
public struct Augmentation: Hashable, Sendable {
  /// Pixels of reflection on each side; 0 leaves images where they are.
  public let cropPadding: Int
  /// Whether half of the images are mirrored.
  public let flips: Bool

  /// Creates an augmentation.
  public init(cropPadding: Int, flips: Bool) {
    self.cropPadding = cropPadding
    self.flips = flips
  }

  /// The augmentation of a recipe.
  public init(_ recipe: Recipe) {
    self.init(cropPadding: recipe.cropPadding, flips: recipe.flips)
  }

  /// Where one image is cropped, once mirrored or not.
  public struct Draw: Hashable, Sendable {
    /// The crop's place in the padded image, in `0...2 * cropPadding`.
    public let top, left: Int
    /// Whether columns run from right to left.
    public let isFlipped: Bool

    /// Creates a draw.
    public init(top: Int, left: Int, isFlipped: Bool) {
      self.top = top
      self.left = left
      self.isFlipped = isFlipped
    }
  }

  /// Draws for `count` images.
  public func draws(_ count: Int, from stream: inout RandomStream) -> [Draw] {
    (0..<count).map { _ in
      Draw(
        top: stream.integer(below: 2 * cropPadding + 1),
        left: stream.integer(below: 2 * cropPadding + 1),
        isFlipped: flips && stream.integer(below: 2) == 1)
    }
  }

  /// The images at `indices`, each as its draw says: `[B, C, H, W]`, uint8.
  public func batch(of source: ImageTensors, at indices: [Int], _ draws: [Draw]) throws -> Tensor {
    let count = indices.count
    var rows: [Int] = []
    var columns: [Int] = []
    rows.reserveCapacity(count * source.height)
    columns.reserveCapacity(count * source.width)
    for draw in draws {
      for row in 0..<source.height {
        rows.append(reflected(row + draw.top - cropPadding, in: source.height))
      }
      for position in 0..<source.width {
        let column = reflected(position + draw.left - cropPadding, in: source.width)
        columns.append(draw.isFlipped ? source.width - 1 - column : column)
      }
    }
    return try source.images.gathered([
      source.indexTensor(indices, shape: [count, 1, 1, 1]),
      source.indexTensor(Array(0..<source.channels), shape: [1, source.channels, 1, 1]),
      source.indexTensor(rows, shape: [count, 1, source.height, 1]),
      source.indexTensor(columns, shape: [count, 1, 1, source.width]),
    ])
  }

  /// Reflection about the border pixels, which are not repeated; as often as a small image needs.
  private func reflected(_ position: Int, in size: Int) -> Int {
    guard size > 1 else { return 0 }
    let period = 2 * (size - 1)
    let wrapped = ((position % period) + period) % period
    return wrapped < size ? wrapped : period - wrapped
  }
}
