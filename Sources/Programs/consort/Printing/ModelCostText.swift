import CommandLine
import Formatting
import Inference
import Schemas

/// What `consort cost` prints about the ONNX file at `path`.
func modelCost(path: String, _ arguments: ParsedArguments) throws -> String {
  guard arguments.string("--classes") == nil else {
    throw UsageError("--classes goes with a name: a file says them itself")
  }
  let size = try arguments.integer("--input-size")
  guard size.map({ $0 >= 1 }) ?? true else { throw UsageError("--input-size is at least 1") }
  let cost = try ModelCost(path: path, imageSize: size)
  let layers = arguments.isSet("--layers") ? cost.layers : nil
  guard !arguments.isSet("--json") else {
    return try ModelCostAnswer(
      model: path, parameters: cost.parameters, multiplyAccumulates: cost.multiplyAccumulates,
      floatingPointOperations: cost.floatingPointOperations, layers: layers
    ).readableJSON()
  }
  var text = layers.map { layerTable($0) + "\n" } ?? ""
  text += Terminal.printable(path) + ", one image\n"
  var table = TextTable(columns: [.init(""), .init(""), .init("", .right)])
  for (label, value) in [
    ("parameters", cost.parameters), ("MACs", cost.multiplyAccumulates),
    ("FLOPs (2 x MACs)", cost.floatingPointOperations),
  ] {
    table.append(["", label, value.grouped])
  }
  return text + table.text()
}

private struct ModelCostAnswer: Encodable {
  let model: String
  let parameters, multiplyAccumulates, floatingPointOperations: Int
  let layers: [ModelCost.Layer]?
}

private func layerTable(_ layers: [ModelCost.Layer]) -> String {
  var table = TextTable(columns: [
    .init("operation"), .init("type"), .init("output", .right), .init("parameters", .right),
    .init("MACs", .right),
  ])
  for layer in layers {
    table.append([
      layer.name, layer.type, layer.output, layer.parameters.grouped,
      layer.multiplyAccumulates.grouped,
    ])
  }
  return table.text()
}
