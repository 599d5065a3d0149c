import Foundation
import Randomness

/// A model, and any number of damaged ones made of it, the same for the same seed.
struct MutatedModel {
  let name: String
  private let whole: [UInt8]
  private let seed: UInt64
  /// Where something else than weights lies.
  private let places: [Int]
  private let names: [[UInt8]]

  init(path: String, seed: UInt64) throws {
    name = URL(filePath: path).deletingPathExtension().lastPathComponent
    whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
    self.seed = seed
    let survey = Survey(whole)
    places = survey.places
    names = survey.names
  }

  /// Damaged model number `number`.
  func input(_ number: Int) -> [UInt8] {
    var random = RandomStream(seed: seed, UInt64(number))
    if random.integer(below: 3) == 0 { return withDamagedBytes(from: &random) }
    var bytes = whole
    for _ in 0..<[1, 1, 1, 2, 3][random.integer(below: 5)] {
      bytes = MessageMutation(names: names).mutated(bytes[...], .model, from: &random)
    }
    return bytes
  }

  /// One to three bytes of the graph changed where they are.
  private func withDamagedBytes(from random: inout RandomStream) -> [UInt8] {
    var bytes = whole
    for _ in 0..<1 + random.integer(below: 3) {
      let place = places[random.integer(below: places.count)]
      if random.integer(below: 3) > 0 {
        bytes[place] ^= 1 << UInt8(random.integer(below: 8))
      } else {
        bytes[place] = UInt8(random.integer(below: 256))
      }
    }
    return bytes
  }

  /// Finds the graph among the weights, and the names in it.
  private struct Survey {
    var places: [Int] = []
    var names: [[UInt8]] = []
    private static let weightSize = 64

    init(_ bytes: [UInt8]) { visit(bytes[...], .model) }

    private mutating func visit(_ bytes: ArraySlice<UInt8>, _ kind: MessageKind) {
      guard let fields = Field.all(in: bytes) else { return }
      for field in fields {
        places += field.keyPlaces
        guard case .content(let content) = field.value else { continue }
        if let inner = kind.children[field.number] {
          visit(content, inner)
        } else if content.count <= Self.weightSize {
          places += content.indices
          if kind.textFields.contains(field.number) { names.append(Array(content)) }
        }
      }
    }
  }
}
