import Randomness

/// Which message of onnx.proto3 it is.
enum MessageKind {
  case model, graph, node, attribute, tensor, value, type, tensorType, shape, dimension
  case operatorSet, entry

  /// The messages inside, by field.
  var children: [Int: MessageKind] {
    switch self {
    case .model: [7: .graph, 8: .operatorSet, 14: .entry]
    case .graph: [1: .node, 5: .tensor, 11: .value, 12: .value, 13: .value]
    case .node: [5: .attribute]
    case .attribute: [5: .tensor, 6: .graph]
    case .value: [2: .type]
    case .type: [1: .tensorType]
    case .tensorType: [2: .shape]
    case .shape: [1: .dimension]
    case .tensor, .dimension, .operatorSet, .entry: [:]
    }
  }

  /// The fields with names that others refer to.
  var textFields: [Int] {
    switch self {
    case .node: [1, 2, 4, 7]
    case .attribute: [1, 4]
    case .tensor: [8]
    case .value: [1]
    default: []
    }
  }
}

/// Damage that keeps a message readable: other numbers, names, fields, with the lengths right.
struct MessageMutation {
  let names: [[UInt8]]

  private static let telling: [Int] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 32, 64, 127, 128, 255, 256, 1000, 65_535, 65_536,
    1 << 24, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 62, Int.max, -1, -2, -3, -4, -128,
    -(1 << 31), Int.min,
  ]
  private static let operations = [
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Gemm",
    "MatMul", "Add", "Mul", "Sub", "Div", "Pow", "Relu", "Sigmoid", "HardSigmoid", "HardSwish",
    "Gelu", "Erf", "Tanh", "Clip", "Softmax", "LogSoftmax", "BatchNormalization",
    "LayerNormalization", "InstanceNormalization", "GroupNormalization", "LpNormalization", "LRN",
    "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Concat", "Split", "Slice", "Gather",
    "GatherElements", "GatherND", "Expand", "Tile", "Pad", "Resize", "Upsample", "ReduceMean",
    "ReduceSum", "ReduceMax", "ReduceL2", "Shape", "Size", "Constant", "ConstantOfShape", "Cast",
    "Identity", "Dropout", "Range", "Where", "Equal", "Einsum", "DepthToSpace", "SpaceToDepth",
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "MatMulInteger",
    "QLinearConv", "QLinearMatMul", "TopK", "NonZero", "If", "Loop", "Scan", "LSTM", "GRU", "RNN",
    "ArgMax", "OneHot", "ScatterElements", "ScatterND", "CumSum", "Trilu", "Attention", "RoiAlign",
    "NonMaxSuppression", "GridSample", "MeanVarianceNormalization", "PRelu", "Selu", "Mish", "Max",
    "Min", "Mean", "Sum", "Neg", "Sqrt", "Reciprocal", "Exp", "Log", "SequenceConstruct",
    "Optional",
  ]

  /// Returns the message with one thing changed in it or in a message inside.
  func mutated(
    _ bytes: ArraySlice<UInt8>, _ kind: MessageKind, from random: inout RandomStream
  ) -> [UInt8] {
    guard var fields = Field.all(in: bytes), !fields.isEmpty else {
      return Field(99, random.integer(below: 256)).bytes
    }
    let children = fields.indices.filter { kind.children[fields[$0].number] != nil }
    let stays = random.integer(below: 8) == 0
    if !children.isEmpty, !(stays && kind != .model) {
      var index = children[random.integer(below: children.count)]
      // Most children of a graph are tensors, and most of the sense is in its operations.
      if fields[index].number == 5, kind == .graph, random.integer(below: 4) > 0 {
        index = children[random.integer(below: children.count)]
      }
      if let inner = kind.children[fields[index].number],
        case .content(let content) = fields[index].value
      {
        fields[index].value = .content(mutated(content, inner, from: &random)[...])
      }
    } else {
      change(&fields, kind, from: &random)
    }
    return fields.flatMap(\.bytes)
  }

  private func change(_ fields: inout [Field], _ kind: MessageKind, from random: inout RandomStream)
  {
    let index = random.integer(below: fields.count)
    switch random.integer(below: 12) {
    case 0: fields.remove(at: index)
    case 1: fields.insert(fields[index], at: random.integer(below: fields.count + 1))
    case 2: fields.swapAt(index, random.integer(below: fields.count))
    case 3: fields[index].value = fields[random.integer(below: fields.count)].value
    case 4: fields[index].number = 1 + random.integer(below: 21)
    default: fields[index].value = changed(fields[index], kind, from: &random)
    }
  }

  private func changed(
    _ field: Field, _ kind: MessageKind, from random: inout RandomStream
  ) -> Field.Value {
    switch field.value {
    case .integer(let value):
      return .integer(number(near: value, from: &random))
    case .fixed(let bytes):
      let floats: [UInt32] = [
        0, 0x7F80_0000, 0x7FC0_0000, 0xBF80_0000, 0x7F7F_FFFF, 1, 0x4F00_0000,
      ]
      let bits = floats[random.integer(below: floats.count)]
      return .fixed(
        bytes.count == 4 ? withUnsafeBytes(of: bits.littleEndian) { Array($0) } : bytes.reversed())
    case .content(let content):
      if kind == .node, field.number == 4, random.integer(below: 3) > 0 {
        let name = Self.operations[random.integer(below: Self.operations.count)]
        return .content(Array(name.utf8)[...])
      }
      if kind.textFields.contains(field.number), random.integer(below: 4) > 0 {
        return .content(names[random.integer(below: names.count)][...])
      }
      return .content(text(content, from: &random))
    }
  }

  private func number(near value: Int, from random: inout RandomStream) -> Int {
    switch random.integer(below: 4) {
    case 0: value ^ (1 << random.integer(below: 64))
    case 1: value &+ (random.integer(below: 2) == 0 ? 1 : -1)
    default: Self.telling[random.integer(below: Self.telling.count)]
    }
  }

  /// Bytes changed, or whole numbers in their place: packed, or of eight bytes each.
  private func text(_ content: ArraySlice<UInt8>, from random: inout RandomStream) -> ArraySlice<
    UInt8
  > {
    var bytes = Array(content)
    switch random.integer(below: 6) {
    case 0 where !bytes.isEmpty: bytes.removeLast(1 + random.integer(below: bytes.count))
    case 1:
      bytes = (0..<random.integer(below: 6)).flatMap { _ in
        Field.varint(UInt64(bitPattern: Int64(number(near: 1, from: &random))))
      }
    case 2 where bytes.count >= 8:
      let place = random.integer(below: bytes.count / 8) * 8
      let value = UInt64(bitPattern: Int64(number(near: 1, from: &random))).littleEndian
      withUnsafeBytes(of: value) { bytes.replaceSubrange(place..<place + 8, with: $0) }
    default:
      guard !bytes.isEmpty else { return [0] }
      bytes[random.integer(below: bytes.count)] ^= 1 << UInt8(random.integer(below: 8))
    }
    return bytes[...]
  }
}
