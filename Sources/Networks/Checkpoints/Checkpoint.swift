import Files
import Weights

/// A file that `torch.save` wrote, whose tensors are read without running its pickle.
///
/// Both of PyTorch's formats: the ZIP archive of `.pth`, `.pt`, `.bin` and `.ckpt`, and the one before it. What a checkpoint keeps
/// beside its weights does not stop it where it is harmless data; names out of any other module do. See `PickleMachine`.
package struct Checkpoint: WeightsSource {
  package let path: String
  /// Where in the file the tensors are, such as "state_dict"; "." for the whole.
  package let key: String
  package let names: [String]
  /// What was understood.
  package let notes: [Note]
  private let views: [String: TensorView]
  private let heap: PickleHeap
  private let storages: StorageFile

  /// Reads the checkpoint at `path`; of the tensors only where they are.
  ///
  /// - Parameters:
  ///   - key: Which set of tensors, of several; "." for the whole.
  ///   - skipsObjects: Whether objects of types that are not known are passed over. None is ever made; names of modules that run
  ///     programs stay refused.
  /// - Throws: `CheckpointError`.
  package init(path: String, key: String? = nil, skipsObjects: Bool = false) throws(CheckpointError)
  {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
    let contents = try file.withBytes { bytes in
      Result { () throws(CheckpointError) -> CheckpointContents in
        switch CheckpointFormat(bytes) {
        case .zip: return try ZipCheckpoint.contents(of: file, bytes, skipsObjects: skipsObjects)
        case .pickle:
          return try LegacyCheckpoint.contents(of: file, bytes, skipsObjects: skipsObjects)
        case .tar:
          throw CheckpointError.unsupported(
            path: path,
            reason:
              "is a tar archive, as PyTorch wrote them before version 0.1.10 (2017), or another",
            fix: "save it again with torch.save")
        case .webPage, .pointer, .json, .other:
          throw CheckpointError.unsupported(
            path: path, reason: CheckpointFormat(bytes).fault, fix: "fetch or save the file again")
        }
      }
    }.get()
    let chosen = try Self.chosen(of: contents.sets(path: path), key, path: path)
    self.path = path
    self.key = chosen.key
    (names, heap, storages) = (chosen.tensors.map(\.name), contents.heap, contents.storages)
    views = Dictionary(uniqueKeysWithValues: chosen.tensors.map { ($0.name, $0.view) })
    notes = Self.notes(of: chosen.key, contents.passedOver, path: path)
  }

  private static func notes(of key: String, _ passedOver: [String], path: String) -> [Note] {
    var notes: [Note] = []
    if key != "." { notes.append(Note(source: path, text: "weights are those under '\(key)'")) }
    if !passedOver.isEmpty {
      notes.append(
        Note(
          source: path,
          text:
            "objects are passed over and not made: \(passedOver.prefix(8).joined(separator: ", "))"
            + (passedOver.count > 8 ? " and \(passedOver.count - 8) more" : "")))
    }
    return notes
  }

  private static func chosen(
    of sets: [CheckpointContents.NamedTensors], _ key: String?, path: String
  ) throws(CheckpointError) -> CheckpointContents.NamedTensors {
    if let key {
      guard let named = sets.first(where: { $0.key == key }) else {
        throw .unknownKey(path: path, key: key, known: sets.map(\.key))
      }
      return named
    }
    // What stands beside other things, as a generator's state beside `state_dict`, counts only where these hold nothing.
    let inner = sets.filter { $0.key != "." || $0.isPure }
    let sets = inner.isEmpty ? sets : inner
    guard let first = sets.first else { throw .noWeights(path: path) }
    guard sets.count == 1 else { throw .severalSets(path: path, keys: sets.map(\.key)) }
    return first
  }

  private func view(_ name: String) throws(CheckpointError) -> TensorView {
    guard let view = views[name] else { throw .missingTensor(path: path, tensor: name) }
    return view
  }

  package func shape(of name: String) throws -> [Int] { try view(name).shape }

  package func dataType(of name: String) throws -> TensorDataType {
    let element = try view(name).element
    guard let type = element.dataType else {
      throw CheckpointError.unfitTensor(
        path: path, tensor: name,
        reason: "is of type \(element.name), which no weights here have; save it as float32")
    }
    return type
  }

  package func withBytes<R>(
    of name: String, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    let bytes = try rowMajorBytes(of: name)
    return try bytes.withUnsafeBytes(body)
  }

  /// A tensor that repeats elements may have so many more than its storage.
  private static let mostRepeated = 1 << 26

  /// The elements, row-major and little-endian.
  private func rowMajorBytes(of name: String) throws(CheckpointError) -> [UInt8] {
    let view = try view(name)
    guard let count = view.count, count > 0 else { return [] }
    let width = view.element.byteCount
    let storage = heap.storages[view.storage]
    let own = storage.element?.byteCount ?? 1
    guard count <= max(storage.count * own / width, Self.mostRepeated) else {
      throw .unfitTensor(
        path: path, tensor: name,
        reason: "repeats its elements too often; save it after .contiguous()")
    }
    do throws(FileError) { try Memory.check(count: count, of: width, for: path) } catch {
      throw .file(error)
    }
    return try storages.withBytes(of: storage.key) { bytes throws(CheckpointError) in
      let start = storage.offset * own
      let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + storage.count * own])
      var result = view.gathered(from: part)
      if storages.isBigEndian { Self.reverse(&result, width: view.element.numberByteCount) }
      return result
    }
  }

  /// Turns every number's bytes around.
  private static func reverse(_ bytes: inout [UInt8], width: Int) {
    guard width > 1 else { return }
    for start in stride(from: 0, to: bytes.count, by: width) {
      bytes[start..<start + width].reverse()
    }
  }
}

extension ElementType {
  /// The bytes of one number; a complex element has two.
  fileprivate var numberByteCount: Int { name.hasPrefix("complex") ? byteCount / 2 : byteCount }
}

extension TensorView {
  /// The elements, one after the other, out of their storage, which has room for all of them.
  fileprivate func gathered(from storage: UnsafeRawBufferPointer) -> [UInt8] {
    let width = element.byteCount
    let total = (count ?? 0) * width
    if isContiguous { return Array(storage[offset * width..<offset * width + total]) }
    return [UInt8](unsafeUninitializedCapacity: total) { buffer, filled in
      guard let target = buffer.baseAddress.map(UnsafeMutableRawPointer.init),
        let source = storage.baseAddress
      else { return }
      // The stride of a dimension of one element may be any number, and is not used.
      let axes = zip(shape, strides).filter { $0.0 != 1 }
      var place = [Int](repeating: 0, count: axes.count)
      var from = offset
      for to in Swift.stride(from: 0, to: total, by: width) {
        (target + to).copyMemory(from: source + from * width, byteCount: width)
        // On to the next position, the last dimension first.
        var axis = axes.count - 1
        while axis >= 0 {
          let (length, step) = axes[axis]
          place[axis] += 1
          from += step
          if place[axis] < length { break }
          from -= length * step
          place[axis] = 0
          axis -= 1
        }
      }
      filled = total
    }
  }
}
