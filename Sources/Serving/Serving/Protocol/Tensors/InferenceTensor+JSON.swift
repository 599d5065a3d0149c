extension InferenceTensor {
  /// Writes the tensor as an object, with its data or with the size of what follows the JSON.
  func write(to writer: inout JSONWriter, binary: TensorBytes?, parameters: Parameters = [:]) {
    writer.object { writer in
      writer.key("name")
      writer.string(name)
      writer.key("datatype")
      writer.string(type.rawValue)
      writer.key("shape")
      writer.array { writer in
        for dimension in shape.dimensions { writer.integer(dimension) }
      }
      var parameters = parameters
      if let binary { parameters["binary_data_size"] = .integer(Int64(binary.count)) }
      if !parameters.isEmpty {
        writer.key("parameters")
        parameters.write(to: &writer)
      }
      if binary == nil {
        writer.key("data")
        writer.array { writeData(to: &$0) }
      }
    }
  }

  private func writeData(to writer: inout JSONWriter) {
    switch type {
    case .bool: each(UInt8.self) { writer.boolean($0 != 0) }
    case .uint8: each(UInt8.self) { writer.integer($0) }
    case .uint16: each(UInt16.self) { writer.integer($0) }
    case .uint32: each(UInt32.self) { writer.integer($0) }
    case .uint64: each(UInt64.self) { writer.integer($0) }
    case .int8: each(Int8.self) { writer.integer($0) }
    case .int16: each(Int16.self) { writer.integer($0) }
    case .int32: each(Int32.self) { writer.integer($0) }
    case .int64: each(Int64.self) { writer.integer($0) }
    case .float32: each(Float.self) { writer.number($0) }
    case .float64: each(Double.self) { writer.number($0) }
    case .float16, .bfloat16: preconditionFailure("\(type.rawValue) has no form in JSON")
    case .bytes:
      guard let elements else { return }
      for index in 0..<elements.count {
        writer.string(elements[index].withBytes { String(decoding: $0, as: UTF8.self) })
      }
    }
  }

  private func each<Value: BitwiseCopyable>(_: Value.Type, _ body: (Value) -> Void) {
    guard case .values(let bytes) = content else { return }
    bytes.withBytes { bytes in
      for place in stride(from: 0, to: bytes.count, by: MemoryLayout<Value>.stride) {
        body(bytes.loadUnaligned(fromByteOffset: place, as: Value.self))
      }
    }
  }
}
