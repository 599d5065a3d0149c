import Randomness
import Runs
import Torch

/// Random crops of the image with reflection around it, and mirror images.
///
/// Choosing the images, padding, cropping and mirroring are one gather over the resident bytes.
public struct Augmentation: Hashable, Sendable {
  /// Pixels of reflection on each side; 0 leaves images where they are.
  public let cropPadding: Int
  /// Whether half of the images are mirrored.
  public let flips: Bool

  /// Without padding and flips, images stay as they are.
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

    /// Places a crop, in pixels of the padded image.
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
  ///
  /// - Throws: `TorchError` where an index is none of an image, or memory does not suffice.
  public func batch(of source: ImageTensors, at indices: [Int], _ draws: [Draw]) throws -> Tensor {
    try Gather(places(of: indices, draws, in: source), from: source).images()
  }

  /// The places of a batch of the images at `indices`, each as its draw says.
  func places(of indices: [Int], _ draws: [Draw], in source: ImageTensors) -> Places {
    var rows: [Int64] = []
    var columns: [Int64] = []
    rows.reserveCapacity(indices.count * source.height)
    columns.reserveCapacity(indices.count * source.width)
    for draw in draws {
      for row in 0..<source.height {
        rows.append(Int64(reflectPad(row + draw.top - cropPadding, in: source.height)))
      }
      for position in 0..<source.width {
        let column = reflectPad(position + draw.left - cropPadding, in: source.width)
        columns.append(Int64(draw.isFlipped ? source.width - 1 - column : column))
      }
    }
    return Places(indices: indices.map(Int64.init), rows: rows, columns: columns)
  }

  /// Reflection about the border pixels, which are not repeated; as often as a small image needs.
  private func reflectPad(_ position: Int, in size: Int) -> Int {
    guard size > 1 else { return 0 }
    let period = 2 * (size - 1)
    let wrapped = ((position % period) + period) % period
    return wrapped < size ? wrapped : period - wrapped
  }
}
