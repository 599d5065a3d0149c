import Networks

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Arguments that make no sense.
struct UsageError: Error {
  let message: String
}

/// `consort cost`: what a network costs for one image.
struct CostCommand {
  private var name: String?
  private var inputSize = 32
  private var classes = 10
  private var showsLayers = false
  private var printsJSON = false

  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--layers": showsLayers = true
      case "--json": printsJSON = true
      case "--input-size": inputSize = try Self.integer(after: argument, &rest)
      case "--classes": classes = try Self.integer(after: argument, &rest)
      case _ where !argument.hasPrefix("-") && name == nil: name = argument
      default: throw UsageError(message: "cost does not take '\(argument)'")
      }
    }
    if name == nil { throw UsageError(message: "cost needs the name of a network") }
  }

  private static func integer(
    after option: String, _ rest: inout ArraySlice<String>
  ) throws(UsageError) -> Int {
    guard let text = rest.popFirst(), let value = Int(text) else {
      throw UsageError(message: "\(option) needs a whole number")
    }
    return value
  }

  func run() throws {
    let network = try Network(named: name ?? "", inputSize: inputSize, classes: classes)
    let cost = try network.cost()
    printsJSON ? try printJSON(cost) : printTable(network, cost)
  }

  private struct Answer: Encodable {
    let network: String
    let inputSize, classes, parameters, multiplyAccumulates, floatingPointOperations: Int
    let peakActivationBytes, trainingActivationBytes: Int
    let layers: [LayerCost]?
  }

  private func printJSON(_ cost: NetworkCost) throws {
    let answer = Answer(
      network: name ?? "", inputSize: inputSize, classes: classes, parameters: cost.parameters,
      multiplyAccumulates: cost.multiplyAccumulates,
      floatingPointOperations: cost.floatingPointOperations,
      peakActivationBytes: cost.peakActivationBytes,
      trainingActivationBytes: cost.trainingActivationBytes,
      layers: showsLayers ? cost.layers : nil)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(answer), as: UTF8.self))
  }

  private func printTable(_ network: Network, _ cost: NetworkCost) {
    if showsLayers { printLayers(cost) }
    let size = "\(network.input.channels) x \(network.input.height) x \(network.input.width)"
    print("\(network.name), one image of \(size), \(classes) classes")
    let rows = [
      ("parameters", cost.parameters), ("MACs", cost.multiplyAccumulates),
      ("FLOPs (2 x MACs)", cost.floatingPointOperations),
      ("activation bytes, inference peak", cost.peakActivationBytes),
      ("activation bytes, kept in training", cost.trainingActivationBytes),
    ]
    for (label, value) in rows {
      print("  " + label.padded(to: 36) + grouped(value).padded(to: 16, onLeft: true))
    }
  }

  private func printLayers(_ cost: NetworkCost) {
    let width = (cost.layers.map(\.name.count).max() ?? 5) + 2
    let header = ["output", "parameters", "MACs", "bytes"]
    print("layer".padded(to: width) + header.map { $0.padded(to: 16, onLeft: true) }.joined())
    for layer in cost.layers {
      let numbers = [layer.parameters, layer.multiplyAccumulates, layer.activationBytes]
      let cells = [layer.output] + numbers.map(grouped)
      print(layer.name.padded(to: width) + cells.map { $0.padded(to: 16, onLeft: true) }.joined())
    }
    print("")
  }

  /// The number with a comma between thousands.
  private func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}

extension String {
  fileprivate func padded(to width: Int, onLeft: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return onLeft ? space + self : self + space
  }
}
