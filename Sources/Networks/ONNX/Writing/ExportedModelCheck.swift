/// Reads a model that is about to be written, as any file of ONNX is read.
///
/// Only headers are read, not the numbers, so that it takes the same few milliseconds for models of any size.
struct ExportedModelCheck {
  let network: String
  /// What it is to read and to give.
  let inputs, outputs: [ONNXModel.Port]
  let metadata: [String: String]
  /// The numbers of all constants.
  let numbers: Int

  /// - Throws: `ONNXError.unusableExport` where what is read is not what was meant.
  func check(_ bytes: [UInt8]) throws(ONNXError) {
    let model: ONNXModel
    do {
      model = try ONNXModel(bytes: bytes, path: network)
    } catch ONNXError.invalidModel(_, let reason) {
      throw unusable("read back, \(reason)")
    } catch ONNXError.notAModel(_, let offset, let reason) {
      throw unusable("read back, at byte \(offset) it \(reason)")
    } catch ONNXError.tooLarge {
      throw .unusableExport(
        network: network, reason: "it would be longer than 2 GiB, which no ONNX model may be")
    } catch {
      throw unusable("\(error)")
    }
    guard model.inputs == inputs else { throw unusable("read back, it has other inputs") }
    guard model.outputs == outputs else { throw unusable("read back, it has other outputs") }
    guard model.parameters == numbers else {
      throw unusable("read back, it has \(model.parameters) numbers, not \(numbers)")
    }
    guard model.metadata == metadata else { throw unusable("read back, it has other metadata") }
  }

  private func unusable(_ reason: String) -> ONNXError {
    .unusableExport(
      network: network,
      reason:
        "\(reason); this is a fault of Consort: please report it with the files that it was made of"
    )
  }
}
