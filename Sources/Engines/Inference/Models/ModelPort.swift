import COpenVINO

/// An input or output of a model, as its file declares it.
struct ModelPort: Hashable, Sendable {
  let name: String
  let type: co_element_type
  /// A dimension that is not fixed is nil; the whole is nil where the rank is not known.
  let dimensions: [Int?]?

  init(
    of model: OpenVINOHandle<co_model>, _ side: co_side, index: Int
  ) throws(EngineFailure) {
    var port = co_port()
    try EngineFailure.check(co_model_port(model.handle, side, index, &port))
    self.init(port, name: try Self.name(of: model, side, index: index))
  }

  init(_ port: co_port, name: String) {
    self.name = name
    type = port.type
    dimensions = port.sizes
  }

  static func all(of model: OpenVINOHandle<co_model>, _ side: co_side) throws(EngineFailure)
    -> [ModelPort]
  {
    var count = 0
    try EngineFailure.check(co_model_port_count(model.handle, side, &count))
    var ports: [ModelPort] = []
    for index in 0..<count { ports.append(try ModelPort(of: model, side, index: index)) }
    return ports
  }

  private static func name(
    of model: OpenVINOHandle<co_model>, _ side: co_side, index: Int
  ) throws(EngineFailure) -> String {
    var text = [CChar](repeating: 0, count: 256)
    try EngineFailure.check(co_model_port_name(model.handle, side, index, &text, text.count))
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "number \(index)" : String(decoding: bytes, as: UTF8.self)
  }

  /// Whether its numbers are floating.
  var isFloating: Bool {
    [CO_FLOAT32, CO_FLOAT16, CO_BFLOAT16, CO_FLOAT64].contains(type)
  }

  /// Such as "float32 [?, 3, 224, 224]".
  var found: String {
    let shape =
      dimensions.map { "[" + $0.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]" }
    return "\(typeName) \(shape ?? "of unknown rank")"
  }

  private var typeName: String {
    switch type {
    case CO_FLOAT32: "float32"
    case CO_FLOAT16: "float16"
    case CO_BFLOAT16: "bfloat16"
    case CO_FLOAT64: "float64"
    case CO_UINT8: "uint8"
    default: "numbers of another type"
    }
  }
}

extension co_port {
  /// The dimensions, nil where one is not fixed; nil where the rank is not known.
  var sizes: [Int?]? {
    guard rank >= 0 else { return nil }
    return withUnsafeBytes(of: dimensions) { bytes in
      bytes.bindMemory(to: Int64.self).prefix(Int(rank)).map { $0 < 0 ? nil : Int($0) }
    }
  }
}
