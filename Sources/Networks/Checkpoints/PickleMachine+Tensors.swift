extension PickleMachine {
  /// What REDUCE and NEWOBJ leave: a value of our own for each name that is read. Nothing is called.
  mutating func call(
    _ function: PickleValue, _ arguments: PickleValue
  ) throws(CheckpointError) -> PickleValue {
    guard case .tuple(let place) = arguments else { throw damaged("arguments that are no tuple") }
    guard case .global(let name) = function else {
      throw .refusedOpcode(path: path, opcode: "REDUCE (of what is no name)", offset: offset - 1)
    }
    let arguments = heap.tuples[place]
    switch name {
    case .dictionaryType: return try dictionary(of: arguments)
    case .sizeType:
      guard arguments.count == 1, case .tuple = arguments[0] else {
        throw damaged("a torch.Size that is no tuple")
      }
      return arguments[0]
    case .rebuildTensor(let rebuilding): return try tensor(rebuilding, arguments, isNested: false)
    case .passedOver: return .opaque
    case .storageType, .elementType, .tensorType:
      throw .refusedOpcode(path: path, opcode: "REDUCE (of a type of tensors)", offset: offset - 1)
    }
  }

  /// An empty dictionary, or of the pairs that Python 2 gives to OrderedDict.
  private mutating func dictionary(
    of arguments: [PickleValue]
  ) throws(CheckpointError) -> PickleValue {
    var pairs: [PickleHeap.Pair] = []
    if case .list(let place)? = arguments.first {
      try spend(heap.lists[place].count)
      for item in heap.lists[place] {
        let pair: [PickleValue] =
          switch item {
          case .list(let place): heap.lists[place]
          case .tuple(let place): heap.tuples[place]
          default: []
          }
        guard pair.count == 2 else { throw damaged("a dictionary of what are no pairs") }
        pairs.append(PickleHeap.Pair(key: pair[0], value: pair[1]))
      }
    }
    heap.dictionaries.append(pairs)
    return .dictionary(heap.dictionaries.count - 1)
  }

  /// - Parameter isNested: Whether another rebuilding asks for it, which only one may.
  private mutating func tensor(
    _ rebuilding: PickleGlobal.Rebuilding, _ arguments: [PickleValue], isNested: Bool
  ) throws(CheckpointError) -> PickleValue {
    switch rebuilding {
    case .parameter:
      guard case .tensor? = arguments.first else { throw damaged("a parameter of no tensor") }
      return arguments[0]
    case .fromType:
      guard arguments.count >= 3, !isNested, case .global(.rebuildTensor(let inner)) = arguments[0],
        case .global(.tensorType) = arguments[1], case .tuple(let place) = arguments[2]
      else { throw damaged("a tensor of an unknown type") }
      return try tensor(inner, heap.tuples[place], isNested: true)
    case .fromStorage, .fromBytes:
      return try view(arguments, hasType: rebuilding == .fromBytes)
    }
  }

  private mutating func view(
    _ arguments: [PickleValue], hasType: Bool
  ) throws(CheckpointError) -> PickleValue {
    guard arguments.count >= (hasType ? 7 : 4), case .storage(let storage) = arguments[0],
      case .integer(let offset) = arguments[1]
    else { throw damaged("a tensor of no storage") }
    let (shape, strides) = (try dimensions(arguments[2]), try dimensions(arguments[3]))
    var element = heap.storages[storage].element
    if hasType {
      guard case .global(.elementType(let type)) = arguments[6] else {
        throw damaged("a tensor of no type")
      }
      element = type
    }
    guard let element else { throw damaged("a tensor of bytes without a type") }
    try checkPlain(arguments.dropFirst(hasType ? 7 : 6).first)
    let view = TensorView(
      storage: storage, element: element, offset: offset, shape: shape, strides: strides)
    guard offset >= 0, shape.count == strides.count, let end = view.end, let count = view.count,
      !count.multipliedReportingOverflow(by: element.byteCount).overflow,
      end <= available(in: heap.storages[storage], as: element)
    else { throw damaged("a tensor of shape \(shape) reaches beyond its storage") }
    heap.tensors.append(view)
    return .tensor(heap.tensors.count - 1)
  }

  /// The elements of `element`'s type that a storage has room for.
  private func available(in storage: StorageReference, as element: ElementType) -> Int {
    guard let own = storage.element else { return storage.count / element.byteCount }
    return own == element ? storage.count : storage.count * own.byteCount / element.byteCount
  }

  /// A tensor that is to be conjugated or negated when it is read.
  private func checkPlain(_ metadata: PickleValue?) throws(CheckpointError) {
    guard case .dictionary(let place)? = metadata else { return }
    for pair in heap.dictionaries[place] {
      guard case .boolean(true) = pair.value else { continue }
      throw .unsupported(
        path: path, reason: "has a tensor that is kept conjugated or negated",
        fix: "save it after .resolve_conj().resolve_neg()")
    }
  }

  private func dimensions(_ value: PickleValue) throws(CheckpointError) -> [Int] {
    guard case .tuple(let place) = value, heap.tuples[place].count <= Limits.dimensions else {
      throw damaged("a shape that is none")
    }
    var result: [Int] = []
    for item in heap.tuples[place] {
      guard case .integer(let number) = item, number >= 0 else {
        throw damaged("a shape or strides that are no numbers of elements")
      }
      result.append(number)
    }
    return result
  }

  /// What a persistent ID names: ("storage", type, key, device, count), in the old format with a view as the sixth.
  mutating func storage(_ identifier: PickleValue) throws(CheckpointError) -> PickleValue {
    guard case .tuple(let place) = identifier else { throw damaged("an ID that is no tuple") }
    let parts = heap.tuples[place]
    guard parts.count == 5 || parts.count == 6, case .text("storage") = parts[0],
      case .global(.storageType(let element)) = parts[1], case .text(let key) = parts[2],
      case .text = parts[3], case .integer(let count) = parts[4], count >= 0,
      !count.multipliedReportingOverflow(by: element?.byteCount ?? 1).overflow
    else { throw damaged("an ID that names no storage") }
    var storage = StorageReference(key: key, element: element, count: count)
    if case .tuple(let place)? = parts.dropFirst(5).first {
      storage = try partOfStorage(storage, heap.tuples[place])
    }
    heap.storages.append(storage)
    return .storage(heap.storages.count - 1)
  }

  /// (key, offset, count): a storage that is part of another.
  private func partOfStorage(
    _ whole: StorageReference, _ view: [PickleValue]
  ) throws(CheckpointError) -> StorageReference {
    guard view.count == 3, case .integer(let offset) = view[1], case .integer(let count) = view[2],
      offset >= 0, count >= 0, offset <= whole.count, count <= whole.count - offset
    else { throw damaged("a part of a storage that reaches beyond it") }
    return StorageReference(partOf: whole, offset: offset, count: count)
  }
}
