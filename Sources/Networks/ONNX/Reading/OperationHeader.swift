/// One operation of a graph: what it reads and gives, and its settings, as ONNX's schema of the operator has them.
struct OperationHeader {
  private(set) var inputs: [String] = []
  private(set) var outputs: [String] = []
  private(set) var operation = ""
  private(set) var attributes: [String: AttributeHeader] = [:]
  private var domain = ""

  init(_ message: ProtobufReader) throws {
    var reader = message
    while let (field, value) = try reader.next() {
      switch field {
      case 1: inputs.append(try value.text(reader))
      case 2: outputs.append(try value.text(reader))
      case 4: operation = try value.text(reader)
      case 5:
        let attribute = try AttributeHeader(value.message(reader))
        guard attributes.updateValue(attribute, forKey: attribute.name) == nil else {
          throw ModelParser.Failure(
            reason: "the attribute '\(attribute.name)' of an operation is there twice")
        }
      case 7: domain = try value.text(reader)
      case 8:
        guard try value.text(reader).isEmpty else {
          throw failure("is a function of the model's own")
        }
      default: break
      }
    }
    guard !operation.isEmpty else {
      throw ModelParser.Failure(reason: "an operation has no name")
    }
  }

  func failure(_ reason: String) -> ModelParser.Failure {
    ModelParser.Failure(reason: "its operation \(operation) \(reason)")
  }

  /// Makes sure that the operator is known, and used as ONNX says.
  func check(operatorSet: Int) throws {
    guard domain.isEmpty || domain == "ai.onnx",
      let schema = OperatorSchema.named(operation, operatorSet: operatorSet)
    else {
      let origin = domain.isEmpty ? "in operator set \(operatorSet)" : "of '\(domain)'"
      throw failure("\(origin) is none that models of images have")
    }
    guard schema.inputs.contains(inputs.count),
      inputs.prefix(schema.inputs.lowerBound).allSatisfy({ !$0.isEmpty })
    else { throw failure("has not the inputs that it needs") }
    guard schema.outputs.contains(outputs.count),
      outputs.prefix(max(schema.outputs.lowerBound, 1)).allSatisfy({ !$0.isEmpty })
    else { throw failure("has not the outputs that it gives") }
    for (name, attribute) in attributes {
      guard let type = schema.attributes[name] else {
        throw failure("has no attribute '\(name)' in operator set \(operatorSet)")
      }
      guard attribute.holds(type) else {
        throw failure("has the attribute '\(name)' of another type than \(type)")
      }
    }
    if let missing = schema.required.subtracting(attributes.keys).min() {
      throw failure("lacks the attribute '\(missing)'")
    }
    try checkValues()
  }
}

extension OperationHeader {
  /// Makes sure that the operation is not as trainings have it: it would answer by the batch, or at random.
  ///
  /// - Parameter truths: The values of constants that are one boolean.
  func checkIsNoTraining(operatorSet: Int, truths: [String: Bool]) throws {
    let isTraining: Bool
    switch operation {
    case "BatchNormalization":
      // Before operator set 14, those that give statistics too compute them of the batch.
      let givesStatistics = outputs.dropFirst().contains { !$0.isEmpty }
      isTraining = givesStatistics || attributes["training_mode"]?.integers.first ?? 0 != 0
    case "Dropout":
      let mode = inputs.count > 2 ? inputs[2] : ""
      isTraining = !mode.isEmpty && truths[mode] != false
    default: return
    }
    guard !isTraining else {
      throw failure(
        "is in training mode, and answers by its batch or at random: export the model in evaluation mode (model.eval())"
      )
    }
  }
}
