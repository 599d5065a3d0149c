import Files

/// PyTorch's format before 1.6, still written on request: pickles one after the other (a magic number, the format's version, the
/// machine, the object, the storages' keys), then each storage's length and bytes.
///
/// Source: `_legacy_save` and `_legacy_load` in PyTorch's `torch/serialization.py`.
enum LegacyCheckpoint {
  static func contents(
    of file: MappedFile, _ bytes: UnsafeRawBufferPointer, skipsObjects: Bool
  ) throws(CheckpointError) -> CheckpointContents {
    let path = file.path
    var machine = PickleMachine(bytes, path: path, skipsObjects: skipsObjects)
    guard case .magicNumber = try machine.run() else {
      throw .unsupported(
        path: path, reason: "is a pickle that torch.save did not write",
        fix: "save the weights with torch.save(model.state_dict(), PATH)")
    }
    guard case .integer(1001) = try machine.run() else {
      throw .unsupported(
        path: path, reason: "is of an unknown version of PyTorch's old format",
        fix: "save it again with torch.save")
    }
    let isBigEndian = try isBigEndian(try machine.run(), machine)
    let root = try machine.run()
    let places = try places(of: try keys(&machine), machine, bytes)
    let storages = StorageFile(file: file, places: places, isBigEndian: isBigEndian)
    return try CheckpointContents(root: root, machine: machine, storages: storages)
  }

  private static func isBigEndian(
    _ system: PickleValue, _ machine: PickleMachine
  ) throws(CheckpointError) -> Bool {
    guard case .dictionary(let place) = system else {
      throw machine.damaged("what it says of its machine is no dictionary")
    }
    for pair in machine.heap.dictionaries[place] {
      if case .text("little_endian") = pair.key, case .boolean(let isLittle) = pair.value {
        return !isLittle
      }
    }
    throw machine.damaged("it does not say the order of bytes")
  }

  private static func keys(_ machine: inout PickleMachine) throws(CheckpointError) -> [String] {
    guard case .list(let place) = try machine.run() else {
      throw machine.damaged("its storages are no list")
    }
    var keys: [String] = []
    for value in machine.heap.lists[place] {
      guard case .text(let key) = value else { throw machine.damaged("a storage without a key") }
      keys.append(key)
    }
    return keys
  }

  /// The storages stand in the order of their keys; how many bytes an element has, only the pickle says.
  private static func places(
    of keys: [String], _ machine: PickleMachine, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError) -> [String: StorageFile.Place] {
    var widths: [String: Int] = [:]
    for storage in machine.heap.storages {
      let width = storage.element?.byteCount ?? 1
      guard widths.updateValue(width, forKey: storage.key) ?? width == width else {
        throw machine.damaged("the storage '\(storage.key)' has two types")
      }
    }
    var places: [String: StorageFile.Place] = [:]
    var offset = machine.offset
    for key in keys {
      guard let width = widths[key] else {
        throw machine.damaged("the storage '\(key)' belongs to no tensor")
      }
      guard bytes.count - offset >= 8 else { throw cutShort(machine) }
      let count = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
      offset += 8
      let size = Int(count).multipliedReportingOverflow(by: width)
      guard count >= 0, !size.overflow, size.partialValue <= bytes.count - offset else {
        throw cutShort(machine)
      }
      let end = offset + size.partialValue
      guard places.updateValue(.mapped(offset..<end), forKey: key) == nil else {
        throw machine.damaged("the storage '\(key)' stands twice")
      }
      offset = end
    }
    guard offset == bytes.count else {
      throw .damaged(
        path: machine.path, reason: "\(bytes.count - offset) bytes at its end belong to no storage")
    }
    return places
  }

  private static func cutShort(_ machine: PickleMachine) -> CheckpointError {
    .damaged(path: machine.path, reason: "its storages are cut short, or longer than the file")
  }
}
