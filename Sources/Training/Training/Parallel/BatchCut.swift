import Runs
import Torch

/// How a batch is cut: into pieces that pass one after another, and each piece into shards, of which this process has some.
package struct BatchCut: Hashable, Sendable {
  /// Shards of a piece, over all processes.
  let shards: Int
  /// This process's.
  let own: Range<Int>
  /// Images that pass together at most.
  let pieceSize: Int

  /// A fixed number divides a batch the same way for any number of processes up to it; 12 evenly among 1, 2, 3, 4 and 6.
  static let reproducibleShards = 12

  init(_ sharding: Sharding, pieceSize: Int) {
    (shards, own, self.pieceSize) = (sharding.shards, sharding.own, pieceSize)
  }

  init(shards: Int, own: Range<Int>, pieceSize: Int) {
    (self.shards, self.own, self.pieceSize) = (shards, own, pieceSize)
  }

  /// One of this process's shards of a piece.
  struct Part: Hashable {
    /// Among all shards.
    let shard: Int
    /// Its images, as places in the batch.
    let places: Range<Int>
  }

  /// A piece: its places in the batch, and this process's parts of it.
  struct Piece: Hashable {
    let places: Range<Int>
    let parts: [Part]
  }

  /// The pieces of a batch of so many images, cut as `BatchImages.pieces` cuts them.
  func pieces(of count: Int) -> [Piece] {
    let pieces = max(1, (count + pieceSize - 1) / pieceSize)
    return (0..<pieces).map { piece in
      let places = count * piece / pieces..<count * (piece + 1) / pieces
      return Piece(
        places: places,
        parts: own.map { shard in
          let first = places.lowerBound + places.count * shard / shards
          let end = places.lowerBound + places.count * (shard + 1) / shards
          return Part(shard: shard, places: first..<end)
        })
    }
  }

  /// The places of the batch that this process's images take, piece after piece.
  func places(of count: Int) -> [Int] {
    pieces(of: count).flatMap { $0.parts.flatMap(\.places) }
  }
}

/// A batch's images as this process has them.
package struct ShardedImages {
  /// Of the whole batch, those that could not be decoded included.
  let batchCount: Int
  /// For each piece, the images of each part that can be used.
  let pieces: [(piece: BatchCut.Piece, images: [BatchImages])]
}

extension ShardedImages {
  /// Cuts a batch that this process has whole.
  init(_ batch: BatchImages, _ cut: BatchCut) {
    batchCount = batch.count
    pieces = cut.pieces(of: batch.count).map { piece in
      (piece, piece.parts.map { batch.part($0.places) })
    }
  }

  /// Sorts out the images of this process's places alone.
  ///
  /// - Parameters:
  ///   - batchCount: Of the whole batch.
  ///   - isUsable: Whether the image of each of this process's places, in their order, could be decoded.
  init(_ decoded: BatchImages, batchCount: Int, _ cut: BatchCut, isUsable: [Bool]) {
    self.batchCount = batchCount
    var (place, next) = (0, 0)
    pieces = cut.pieces(of: batchCount).map { piece in
      (
        piece,
        piece.parts.map { part in
          let usable = isUsable[place..<place + part.places.count].count { $0 }
          defer { (place, next) = (place + part.places.count, next + usable) }
          return decoded.part(next..<next + usable)
        }
      )
    }
  }
}
