import Predictions

/// Images that all members predict the same to the last bit, under the same label.
///
/// Only predictions that tell images apart are looked at: answers without scores, or rounded ones, are the same for many
/// images that are different.
struct EqualImages {
  /// Of those that are the same the first, ascending: all images that are not given again.
  let firsts: [Int]
  /// By the first, the images that are given again, ascending.
  let repeats: [Int: [Int]]

  init(_ members: [Predictions]) {
    let keys = Self.keys(members)
    var firsts: [Int] = []
    var repeats: [Int: [Int]] = [:]
    // Hardly two that differ have one key: the others that have it stand apart.
    var known: [UInt64: Int32] = [:]
    var others: [UInt64: [Int]] = [:]
    known.reserveCapacity(keys.count)
    for (image, key) in keys.enumerated() {
      guard let first = known[key].map({ Int($0) }) else {
        known[key] = Int32(image)
        firsts.append(image)
        continue
      }
      let same = ([first] + others[key, default: []]).first { Self.areEqual($0, image, members) }
      if let same {
        repeats[same, default: []].append(image)
      } else {
        others[key, default: []].append(image)
        firsts.append(image)
      }
    }
    self.firsts = firsts
    self.repeats = repeats
  }

  /// `[N]`: a few scores of each member part almost all images; the others are compared in full.
  private static func keys(_ members: [Predictions]) -> [UInt64] {
    let labels = members[0].labels
    let classes = members[0].classes
    var keys = labels.map { mixed(UInt64(bitPattern: $0)) }
    for member in members {
      keys.withUnsafeMutableBufferPointer { keys in
        // Each piece changes its own images' keys, and the buffer outlives the call.
        nonisolated(unsafe) let keys = keys
        member.forEachPiece { images, values in
          for image in images {
            let row = values + (image - images.lowerBound) * classes
            let label = Int(labels[image])
            let (low, high) = (min(label, classes / 2), max(label, classes / 2))
            var last = -1
            for place in [0, low, high] where place != last {
              last = place
              keys[image] = mixed(
                keys[image] ^ UInt64(row[place].bitPattern) &+ 0x9E37_79B9_7F4A_7C15)
            }
          }
        }
      }
    }
    return keys
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  private static func areEqual(_ first: Int, _ second: Int, _ members: [Predictions]) -> Bool {
    guard members[0].labels[first] == members[0].labels[second] else { return false }
    let classes = members[0].classes
    var scores: Set<UInt32> = []
    for member in members {
      let isSame = member.withLogProbabilities { values in
        (0..<classes).allSatisfy { place in
          let value = values[first * classes + place]
          if value.isFinite { scores.insert(value.bitPattern) }
          return value.bitPattern == values[second * classes + place].bitPattern
        }
      }
      guard isSame else { return false }
    }
    // Of networks' scores hardly two are the same; members that are copies of one have each score as often.
    return scores.count * 4 >= classes * 3 && scores.count > 1
  }
}
