import Files
import Networks

/// Trained members as ONNX models, in memory until they are written.
package struct ExportedModels {
  /// One of the files that were written.
  package struct File: Encodable, Hashable, Sendable {
    /// The member's name, that of its network, and the path.
    package let name, network, file: String
    /// Learnt numbers, multiply-accumulates of one image, and the file's length.
    package let parameters, multiplyAccumulates, byteCount: Int
  }

  private let models: [(member: TrainedMember, bytes: [UInt8])]

  /// Makes the models, all before the first is written.
  ///
  /// - Parameter endsInSoftmax: Whether they say probabilities rather than logits.
  /// - Throws: `NetworkError`, or what keeps a member's weights from being read.
  package init(of members: [TrainedMember], endsInSoftmax: Bool) throws {
    models = try members.map { ($0, try $0.onnx(endsInSoftmax: endsInSoftmax)) }
  }

  /// Writes MEMBER.onnx for each member into `directory`, which is made where it is missing.
  ///
  /// - Throws: `FileError` where it cannot be written.
  package func write(to directory: String) throws -> [File] {
    try Directory.createForResults(directory)
    return try models.map { member, bytes in
      let file = "\(directory)/\(member.name).onnx"
      try DurableFile.write(bytes, to: file)
      let cost = member.network.totals
      return File(
        name: member.name, network: member.network.name, file: file,
        parameters: cost.parameters, multiplyAccumulates: cost.multiplyAccumulates,
        byteCount: bytes.count)
    }
  }
}
