import Foundation
import Networks
import ONNX
import Randomness

/// A model, and any number of damaged ones made of it, the same for the same seed.
struct MutatedModel {
  let name: String
  private let whole: [UInt8]
  private let seed: UInt64
  /// Where something else than weights lies.
  private let places: [Int]
  private let names: [[UInt8]]

  /// - Parameter model: A file, or a network's name, size and classes, such as "resnet-20:32:10", with random weights.
  init(_ model: String, seed: UInt64) throws {
    let parts = model.split(separator: ":")
    if parts.count == 3, let size = Int(parts[1]), let classes = Int(parts[2]) {
      name = parts.joined(separator: "-")
      whole = try Self.exported(
        Network(named: String(parts[0]), inputSize: size, classes: classes))
    } else {
      name = URL(filePath: model).deletingPathExtension().lastPathComponent
      whole = [UInt8](try Data(contentsOf: URL(filePath: model)))
    }
    self.seed = seed
    let survey = Survey(whole)
    places = survey.places
    names = survey.names
  }

  /// Damaged model number `number`; number 0 is whole.
  func input(_ number: Int) -> [UInt8] {
    guard number > 0 else { return whole }
    var random = RandomStream(seed: seed, UInt64(number))
    if random.integer(below: 3) == 0 { return withDamagedBytes(from: &random) }
    var bytes = whole
    for _ in 0..<[1, 1, 1, 2, 3][random.integer(below: 5)] {
      bytes = MessageMutation(names: names).mutated(bytes[...], .model, from: &random)
    }
    return bytes
  }

  private static func exported(_ network: Network) throws -> [UInt8] {
    var random = RandomStream(seed: 0)
    var weights: [String: [Float]] = [:]
    for parameter in network.parameters {
      weights[parameter.name] = (0..<parameter.count).map { _ in
        Float(random.unitInterval() / 4 + 0.01)
      }
    }
    return try ONNXExport(of: network, weights: weights).bytes()
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
