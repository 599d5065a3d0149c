import Files
import TestSupport
import Testing
import Weights

@Suite struct WritingTests {
  @Test func piecesFollowOneAnother() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/a.safetensors"
    let content = TensorContent(name: "x", dataType: .uint8, shape: [4]) { receive in
      for piece: [UInt8] in [[1], [2, 3], [], [4]] { try piece.withUnsafeBytes(receive) }
    }
    try SafeTensors.write(to: path, tensors: [content])
    #expect(try SafeTensors(path: path).withBytes(of: "x") { Array($0) } == [1, 2, 3, 4])
    #expect(try SafeTensors(path: path).metadata == [:])
  }

  @Test func aFileWithoutTensorsIsAFile() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/a.safetensors"
    try SafeTensors.write(to: path, tensors: [])
    #expect(try SafeTensors(path: path).names == [])
    #expect(try contents(path) == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
  }

  @Test func aChangedBitIsNoticedWhereThereIsAChecksum() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/a.safetensors"
    let tensor = TensorContent(name: "x", shape: [2], floats: [1, 2])
    for isChecksummed in [true, false] {
      try SafeTensors.write(to: path, tensors: [tensor], isChecksummed: isChecksummed)
      #expect(throws: Never.self) { try SafeTensors(path: path).verifyChecksumIfPresent() }
      var bytes = try contents(path)
      bytes[bytes.count - 1] ^= 1
      _ = try directory.write(bytes, to: "a.safetensors")
      let changed = try SafeTensors(path: path)
      if isChecksummed {
        #expect(throws: WeightsError.wrongChecksum(path: path)) {
          try changed.verifyChecksumIfPresent()
        }
      } else {
        #expect(throws: Never.self) { try changed.verifyChecksumIfPresent() }
      }
    }
  }

  @Test func aRefusedWriteLeavesTheEarlierFile() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/a.safetensors"
    let good = TensorContent(name: "x", shape: [1], floats: [1])
    try SafeTensors.write(to: path, tensors: [good])
    let before = try contents(path)
    let refused: [([TensorContent], WeightsError)] = [
      (
        [good, TensorContent(name: "y", shape: [2], floats: [1])],
        .wrongByteCount(path: path, tensor: "y", expected: 8, found: 4)
      ),
      (
        [TensorContent(name: "y", shape: [2], floats: [1, 2, 3])],
        .wrongByteCount(path: path, tensor: "y", expected: 8, found: 12)
      ),
      ([good, good], .duplicateName(path: path, name: "x")),
      (
        [TensorContent(name: "__metadata__", shape: [1], floats: [1])],
        .reservedName(path: path, name: "__metadata__")
      ),
      (
        [TensorContent(name: "y", shape: [-1], floats: [])],
        .invalidShape(path: path, tensor: "y", shape: [-1])
      ),
      (
        [TensorContent(name: "y", shape: [.max, 2], floats: [])],
        .invalidShape(path: path, tensor: "y", shape: [.max, 2])
      ),
    ]
    for (tensors, error) in refused {
      #expect(throws: error) { try SafeTensors.write(to: path, tensors: tensors) }
      #expect(error.description.contains(path))
      #expect(try contents(path) == before)
    }
    #expect(try Directory.names(in: directory.path) == ["a.safetensors"])
  }

  @Test func anUnwritableDirectoryIsNamed() throws {
    let path = "/nonexistent-directory/a.safetensors"
    let missing = FileError.cannotWrite(path: path, reason: "No such file or directory")
    #expect(throws: WeightsError.file(missing)) { try SafeTensors.write(to: path, tensors: []) }
  }
}
