import CKernels
import Concurrency
import Predictions

/// Work over consecutive images of several members, spread over all cores.
///
/// Images are divided into parts in a way that depends on nothing but their number, and results come in the order of the
/// parts: sums of them have the same bits on any number of cores.
struct ImageBlocks: Sendable {
  let members: [Predictions]
  private let releases: Bool
  private let blockImages: Int

  /// Parts at most, so that what each part keeps stays small.
  private static let mostParts = 32
  /// Bytes of one member in a block: those of many members together fit a processor's cache.
  private static let blockBytes = 1 << 18
  /// Mapped bytes of all members, and of one, from which on a block's memory is given back after use.
  private static let mostMappedBytes = (all: 256 << 20, one: 64 << 20)

  /// Whether what is mapped of the members takes so much memory that it is given back after use.
  static func releases(_ members: [Predictions]) -> Bool {
    let bytes = members.map(\.mappedByteCount)
    return bytes.reduce(0, +) > mostMappedBytes.all || bytes.contains { $0 > mostMappedBytes.one }
  }

  /// - Parameters:
  ///   - members: Predictions of the same data; at least one.
  ///   - fewestBlocks: For whole numbers, whose sums have the same bits however images are divided: so many blocks where
  ///     there are images enough, to keep all cores busy.
  init(_ members: [Predictions], fewestBlocks: Int = 1) {
    self.members = members
    let most = max(1, Self.blockBytes / (members[0].classes * MemoryLayout<Float>.stride))
    let images = min(most, max(1, members[0].count / fewestBlocks))
    // Whole vectors of images.
    let lanes = Int(CONSORT_LANES)
    blockImages = (images + lanes - 1) / lanes * lanes
    releases = Self.releases(members)
  }

  /// Calls `body` for the blocks of each part one after another, and returns what each part's state became.
  func map<State: Sendable>(
    initial: @Sendable () -> State,
    _ body: @Sendable (inout State, Range<Int>, UnsafePointer<consort_images>) -> Void
  ) -> [State] {
    let images = members[0].count
    let blocks = (images + blockImages - 1) / blockImages
    let parts = min(blocks, Self.mostParts)
    return parallelMap(parts) { part in
      var state = initial()
      for block in blocks * part / parts..<blocks * (part + 1) / parts {
        let range = block * blockImages..<min((block + 1) * blockImages, images)
        withImages(range) { body(&state, range, $0) }
        if releases { for member in members { member.release(range) } }
      }
      return state
    }
  }

  /// Calls `body` with some of the images, as the kernels read them.
  func withImages(_ range: Range<Int>, _ body: (UnsafePointer<consort_images>) -> Void) {
    var rows: [UnsafePointer<Float>?] = []
    func collect(from index: Int) {
      guard index < members.count else { return call() }
      members[index].withLogProbabilities { values in
        rows.append(values.baseAddress.map { $0 + range.lowerBound * members[index].classes })
        collect(from: index + 1)
      }
    }
    func call() {
      rows.withUnsafeBufferPointer { rows in
        members[0].labels.withUnsafeBufferPointer { labels in
          var images = consort_images(
            members: rows.baseAddress, member_count: Int64(rows.count),
            images: Int64(range.count), classes: Int64(members[0].classes),
            labels: labels.baseAddress.map { $0 + range.lowerBound })
          body(&images)
        }
      }
    }
    collect(from: 0)
  }
}
