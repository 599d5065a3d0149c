import Files

/// Reads pickles without running them: the opcodes that tensors and plain containers need, and names out of a fixed list.
///
/// It has no way to import, call or make anything but its own values. Everything else ends the reading with the name of what was
/// met. Protocols 2 to 5 are read, of which PyTorch writes 2.
///
/// Source: CPython's `pickletools`; PyTorch's `torch/_weights_only_unpickler.py` for which of them tensors need.
struct PickleMachine {
  /// What a file may take. None of it is near what checkpoints of a thousand layers need.
  enum Limits {
    /// Bytes of one pickle.
    static let bytes = 64 << 20
    /// Opcodes of all pickles of a file, and pairs that are copied; memory is in proportion.
    static let operations = 4_000_000
    /// Dimensions of a tensor.
    static let dimensions = 64
  }

  let path: String
  /// Whether objects of other types are passed over.
  let skipsObjects: Bool
  private let bytes: UnsafeRawBufferPointer
  /// The next byte.
  private(set) var offset: Int
  var heap = PickleHeap()
  /// What was passed over, by name.
  private(set) var passedOver: Set<String> = []

  private var stack: [PickleValue] = []
  /// Where on the stack marks are.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var operations = 0
  private var start = 0

  init(_ bytes: UnsafeRawBufferPointer, path: String, skipsObjects: Bool) {
    (self.bytes, self.path, self.skipsObjects) = (bytes, path, skipsObjects)
    offset = 0
  }

  /// Reads the pickle that begins at `offset`, to its end.
  mutating func run() throws(CheckpointError) -> PickleValue {
    (stack, marks, memo, start) = ([], [], [:], offset)
    guard try byte() == Opcode.proto.rawValue else {
      throw damaged("it does not begin like a pickle")
    }
    let version = try byte()
    guard (2...5).contains(version) else {
      throw .unsupported(
        path: path, reason: "is a pickle of protocol \(version), where 2 to 5 are read",
        fix: "save it again with torch.save")
    }
    while true {
      let place = offset
      let code = try byte()
      guard offset - start <= Limits.bytes else { throw tooLong }
      try spend(1)
      guard let opcode = Opcode(rawValue: code) else { throw try refusal(of: code, at: place) }
      if opcode == .stop { break }
      try perform(opcode)
    }
    guard stack.count == 1, marks.isEmpty else { throw damaged("it leaves \(stack.count) values") }
    return stack[0]
  }

  func damaged(_ reason: String) -> CheckpointError {
    .damaged(path: path, reason: "its pickle is damaged at byte \(offset): \(reason)")
  }

  private var tooLong: CheckpointError {
    .tooLarge(path: path, reason: "its pickle has more than \(Limits.bytes >> 20) MiB")
  }

  mutating func spend(_ count: Int) throws(CheckpointError) {
    operations += count
    guard operations <= Limits.operations else {
      throw .tooLarge(
        path: path, reason: "its pickle has more than \(Limits.operations) operations")
    }
  }
}

// MARK: - Opcodes

extension PickleMachine {
  /// Those that are read, by CPython's names.
  private enum Opcode: UInt8 {
    case proto = 0x80, stop = 0x2E, frame = 0x95
    case mark = 0x28, pop = 0x30, popMark = 0x31, dup = 0x32
    case none = 0x4E, newTrue = 0x88, newFalse = 0x89
    case binint = 0x4A, binint1 = 0x4B, binint2 = 0x4D, long1 = 0x8A, long4 = 0x8B
    case binfloat = 0x47
    case binstring = 0x54, shortBinstring = 0x55
    case binunicode = 0x58, shortBinunicode = 0x8C, binunicode8 = 0x8D
    case binbytes = 0x42, shortBinbytes = 0x43, binbytes8 = 0x8E, bytearray8 = 0x96
    case emptyList = 0x5D, append = 0x61, appends = 0x65
    case emptyTuple = 0x29, tuple = 0x74, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87
    case emptyDictionary = 0x7D, setItem = 0x73, setItems = 0x75
    case emptySet = 0x8F, addItems = 0x90, frozenSet = 0x91
    case binget = 0x68, longBinget = 0x6A, binput = 0x71, longBinput = 0x72, memoize = 0x94
    case global = 0x63, stackGlobal = 0x93
    case reduce = 0x52, newObject = 0x81, newObjectWithNames = 0x92, build = 0x62
    case persistentID = 0x51
  }

  /// Those that no tensor needs.
  private static let refusedOpcodes: [UInt8: String] = [
    0x50: "PERSID", 0x69: "INST", 0x6F: "OBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4",
    0x64: "DICT", 0x6C: "LIST", 0x49: "INT", 0x4C: "LONG", 0x46: "FLOAT", 0x53: "STRING",
    0x56: "UNICODE", 0x67: "GET", 0x70: "PUT", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]

  private mutating func refusal(
    of code: UInt8, at place: Int
  ) throws(CheckpointError) -> CheckpointError {
    guard let name = Self.refusedOpcodes[code] else {
      return damaged("0x\(String(code, radix: 16)) is no opcode")
    }
    // This one names what it makes.
    if name == "INST" { _ = try global(module: try line(), name: try line()) }
    return .refusedOpcode(path: path, opcode: name, offset: place)
  }

  private mutating func perform(_ opcode: Opcode) throws(CheckpointError) {
    switch opcode {
    case .proto, .stop: throw damaged("a second beginning")
    case .frame: _ = try size(8)
    case .mark: marks.append(stack.count)
    case .pop: try popOrUnmark()
    case .popMark: _ = try popToMark()
    case .dup: stack.append(try top())
    case .none: stack.append(.none)
    case .newTrue: stack.append(.boolean(true))
    case .newFalse: stack.append(.boolean(false))
    case .binint, .binint1, .binint2, .long1, .long4: stack.append(try integer(opcode))
    case .binfloat: stack.append(.number(try double()))
    case .binstring, .shortBinstring, .binunicode, .shortBinunicode, .binunicode8:
      stack.append(try text(opcode))
    case .binbytes, .shortBinbytes, .binbytes8, .bytearray8: try passOverBytes(opcode)
    case .emptyList, .emptyTuple, .emptyDictionary, .emptySet, .tuple, .tuple1, .tuple2, .tuple3,
      .frozenSet:
      try make(opcode)
    case .append, .appends, .setItem, .setItems, .addItems: try fill(opcode)
    case .binget, .longBinget, .binput, .longBinput, .memoize: try remember(opcode)
    case .global: stack.append(.global(try global(module: try line(), name: try line())))
    case .stackGlobal:
      guard case .text(let name) = try popped(), case .text(let module) = try popped() else {
        throw damaged("a name that is no text")
      }
      stack.append(.global(try global(module: module, name: name)))
    case .reduce, .newObject, .newObjectWithNames:
      if opcode == .newObjectWithNames { _ = try popped() }
      let arguments = try popped()
      stack.append(try call(try popped(), arguments))
    case .build:
      _ = try popped()
      try checkBuilt(try top())
    case .persistentID: stack.append(try storage(try popped()))
    }
  }

  private mutating func make(_ opcode: Opcode) throws(CheckpointError) {
    switch opcode {
    case .emptyList:
      heap.lists.append([])
      stack.append(.list(heap.lists.count - 1))
    case .emptyDictionary:
      heap.dictionaries.append([])
      stack.append(.dictionary(heap.dictionaries.count - 1))
    case .emptySet: stack.append(.opaque)
    case .frozenSet:
      _ = try popToMark()
      stack.append(.opaque)
    default:
      let items: [PickleValue]
      switch opcode {
      case .emptyTuple: items = []
      case .tuple1: items = [try popped()]
      case .tuple2: items = Array([try popped(), try popped()].reversed())
      case .tuple3: items = Array([try popped(), try popped(), try popped()].reversed())
      default: items = try popToMark()
      }
      stack.append(tuple(items))
    }
  }

  mutating func tuple(_ items: [PickleValue]) -> PickleValue {
    heap.tuples.append(items)
    return .tuple(heap.tuples.count - 1)
  }

  private mutating func fill(_ opcode: Opcode) throws(CheckpointError) {
    let items: [PickleValue]
    switch opcode {
    case .append: items = [try popped()]
    case .setItem: items = Array([try popped(), try popped()].reversed())
    default: items = try popToMark()
    }
    switch (try top(), opcode) {
    case (.list(let place), .append), (.list(let place), .appends):
      heap.lists[place] += items
    case (.dictionary(let place), .setItem), (.dictionary(let place), .setItems):
      guard items.count % 2 == 0 else { throw damaged("a key without a value") }
      for index in stride(from: 0, to: items.count, by: 2) {
        heap.dictionaries[place].append(PickleHeap.Pair(key: items[index], value: items[index + 1]))
      }
    case (.opaque, _): break
    default: throw damaged("items for what holds none")
    }
  }

  private mutating func remember(_ opcode: Opcode) throws(CheckpointError) {
    switch opcode {
    case .binput: memo[Int(try byte())] = try top()
    case .longBinput: memo[try size(4)] = try top()
    case .memoize: memo[memo.count] = try top()
    default:
      let place = opcode == .binget ? Int(try byte()) : try size(4)
      guard let value = memo[place] else { throw damaged("nothing is remembered as \(place)") }
      stack.append(value)
    }
  }
}

// MARK: - The stack

extension PickleMachine {
  /// Values below the last mark cannot be taken.
  private var floor: Int { marks.last ?? 0 }

  private func top() throws(CheckpointError) -> PickleValue {
    guard stack.count > floor, let value = stack.last else { throw damaged("a value is missing") }
    return value
  }

  private mutating func popped() throws(CheckpointError) -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popOrUnmark() throws(CheckpointError) {
    if let mark = marks.last, mark == stack.count {
      marks.removeLast()
    } else {
      _ = try popped()
    }
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw damaged("a mark is missing") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }
}

// MARK: - Bytes

extension PickleMachine {
  private mutating func byte() throws(CheckpointError) -> UInt8 {
    guard offset < bytes.count else { throw damaged("it is cut short") }
    offset += 1
    return bytes[offset - 1]
  }

  private mutating func part(_ count: Int) throws(CheckpointError) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - offset else { throw damaged("it is cut short") }
    guard count <= Limits.bytes - (offset - start) else { throw tooLong }
    offset += count
    return UnsafeRawBufferPointer(rebasing: bytes[offset - count..<offset])
  }

  /// An unsigned number of so many bytes.
  private mutating func size(_ width: Int) throws(CheckpointError) -> Int {
    let value = try part(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let size = Int(exactly: value) else { throw damaged("a size beyond all files") }
    return size
  }

  private mutating func integer(_ opcode: Opcode) throws(CheckpointError) -> PickleValue {
    switch opcode {
    case .binint: return .integer(Int(Int32(truncatingIfNeeded: try size(4))))
    case .binint1: return .integer(Int(try byte()))
    case .binint2: return .integer(try size(2))
    default:
      let digits = try part(opcode == .long1 ? Int(try byte()) : try size(4))
      if digits.elementsEqual(Self.magicNumber) { return .magicNumber }
      guard digits.count <= 8 else { return .opaque }
      let filling: UInt64 = (digits.last ?? 0) >= 0x80 ? .max : 0
      let value = digits.reversed().reduce(filling) { $0 << 8 | UInt64($1) }
      return .integer(Int(Int64(bitPattern: value)))
    }
  }

  /// 0x1950A86A20F9469CFC6C, with which PyTorch's old format begins.
  private static let magicNumber: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]

  private mutating func double() throws(CheckpointError) -> Double {
    let bits = try part(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(bitPattern: bits)
  }

  private mutating func text(_ opcode: Opcode) throws(CheckpointError) -> PickleValue {
    let units: UnsafeRawBufferPointer =
      switch opcode {
      case .shortBinstring, .shortBinunicode: try part(Int(try byte()))
      case .binunicode8: try part(try size(8))
      default: try part(try size(4))
      }
    let text = String(decoding: units, as: UTF8.self)
    if text.utf8.elementsEqual(units) { return .text(text) }
    // Bytes of Python 2, such as a generator's state.
    guard opcode == .binstring || opcode == .shortBinstring else {
      throw damaged("a text that is not UTF-8")
    }
    return .opaque
  }

  private mutating func passOverBytes(_ opcode: Opcode) throws(CheckpointError) {
    switch opcode {
    case .shortBinbytes: _ = try part(Int(try byte()))
    case .binbytes: _ = try part(try size(4))
    default: _ = try part(try size(8))
    }
    stack.append(.opaque)
  }

  /// A line of a name.
  private mutating func line() throws(CheckpointError) -> String {
    guard let length = bytes[offset...].prefix(512).firstIndex(of: 0x0A).map({ $0 - offset }) else {
      throw damaged("a name without an end")
    }
    let units = try part(length)
    offset += 1
    return String(decoding: units, as: UTF8.self)
  }
}

// MARK: - Names

extension PickleMachine {
  /// What a name stands for; refused where it is none that is read, before anything comes of it.
  private mutating func global(
    module: String, name: String
  ) throws(CheckpointError) -> PickleGlobal {
    if let known = PickleGlobal(module: module, name: name) { return known }
    let full = "\(module).\(name)"
    guard skipsObjects, !PickleGlobal.isNeverRead(module: module) else {
      throw .refusedName(
        path: path, name: full, canBeSkipped: !PickleGlobal.isNeverRead(module: module))
    }
    passedOver.insert(full)
    return .passedOver
  }

  /// A state may be set of what is passed over, and of dictionaries, whose attributes (`_metadata`) are no weights.
  private func checkBuilt(_ value: PickleValue) throws(CheckpointError) {
    switch value {
    case .opaque, .dictionary: break
    default:
      throw .refusedOpcode(path: path, opcode: "BUILD (on what has no state)", offset: offset - 1)
    }
  }
}
