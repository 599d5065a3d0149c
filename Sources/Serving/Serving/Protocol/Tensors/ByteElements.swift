/// The elements of a BYTES tensor: strings of bytes that lie one after the other in one memory.
package struct ByteElements: Sendable {
  /// The bytes of a length before an element in the binary form.
  static let prefixSize = 4

  /// The memory of them all.
  private let bytes: TensorBytes
  /// Where each ends in it.
  private let ends: [Int]
  /// What stands before each: its length, in the binary form, or nothing.
  private let prefix: Int

  /// The number of elements.
  package var count: Int { ends.count }

  /// The element at `index`, sharing the memory.
  package subscript(index: Int) -> TensorBytes {
    bytes[(index == 0 ? 0 : ends[index - 1]) + prefix..<ends[index]]
  }

  /// One element that is the whole of `bytes`.
  package init(single bytes: TensorBytes) {
    self.bytes = bytes
    ends = [bytes.count]
    prefix = 0
  }

  /// Copies elements.
  package init(_ elements: [some Collection<UInt8>]) {
    var (joined, ends) = ([UInt8](), [Int]())
    joined.reserveCapacity(elements.reduce(0) { $0 + $1.count })
    for element in elements {
      joined += element
      ends.append(joined.count)
    }
    self.init(joined: joined, ends: ends)
  }

  /// Elements that lie in `joined` without anything between, each ending at its place in `ends`.
  init(joined: [UInt8], ends: [Int]) {
    bytes = TensorBytes(copying: joined)
    self.ends = ends
    prefix = 0
  }

  /// Finds the elements of the binary form, a length of 4 bytes, little-endian, before each; they are not copied.
  ///
  /// - Parameter count: How many there are by the shape; memory is taken only for what `bytes` can hold.
  /// - Throws: `TensorFault.wrongElementCount` or `.truncatedElement`.
  package init(prefixed bytes: TensorBytes, count: Int) throws(TensorFault) {
    guard count <= bytes.count / Self.prefixSize else {
      throw .wrongElementCount(expected: count, found: nil)
    }
    self.bytes = bytes
    prefix = Self.prefixSize
    ends = try bytes.withBytes { (bytes) throws(TensorFault) in
      try Self.ends(in: bytes, count: count)
    }
  }

  private static func ends(
    in bytes: UnsafeRawBufferPointer, count: Int
  ) throws(TensorFault) -> [Int] {
    var (ends, place) = ([Int](), 0)
    ends.reserveCapacity(count)
    while place < bytes.count {
      guard ends.count < count else { throw .wrongElementCount(expected: count, found: nil) }
      guard bytes.count - place >= prefixSize else { throw .truncatedElement(index: ends.count) }
      let length = Int(
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
      place += prefixSize
      guard length <= bytes.count - place else { throw .truncatedElement(index: ends.count) }
      place += length
      ends.append(place)
    }
    guard ends.count == count else {
      throw .wrongElementCount(expected: count, found: ends.count)
    }
    return ends
  }

  /// The binary form: each element after its length.
  ///
  /// - Precondition: No element has 4 GiB or more, which its length could not say.
  package var prefixed: TensorBytes {
    if prefix == Self.prefixSize { return bytes }
    return TensorBytes(count: bytes.count + Self.prefixSize * count) { target in
      var place = 0
      for index in 0..<count {
        self[index].withBytes { element in
          target.storeBytes(
            of: UInt32(element.count).littleEndian, toByteOffset: place, as: UInt32.self)
          place += Self.prefixSize
          UnsafeMutableRawBufferPointer(rebasing: target[place...]).copyMemory(from: element)
          place += element.count
        }
      }
    }
  }
}
