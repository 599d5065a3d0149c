import Synchronization
import Testing

@testable import Serving

@Suite struct InferenceTensorTests {
  private func tensor(
    _ type: ElementType, _ shape: [Int], _ bytes: [UInt8]
  ) throws -> InferenceTensor {
    try InferenceTensor(
      name: "x", type: type, shape: TensorShape(shape), bytes: TensorBytes(copying: bytes))
  }

  @Test func shapesCountRowsAndElements() throws {
    let shape = try TensorShape([4, 3, 2])
    #expect(shape.elementCount == 24 && shape.rowCount == 4 && shape.elementsPerRow == 6)
    let single = try TensorShape([])
    #expect(single.elementCount == 1 && single.rowCount == 1 && single.elementsPerRow == 1)
    let empty = try TensorShape([0, 1 << 40])
    #expect(empty.elementCount == 0 && empty.elementsPerRow == 1 << 40)
    #expect(throws: TensorFault.tooManyElements) { try TensorShape([0, 1 << 40, 1 << 40]) }
    #expect(throws: TensorFault.tooManyElements) {
      try TensorShape([1 << 40]).byteCount(elementSize: 1 << 24)
    }
  }

  @Test func bytesAreBorrowedWhileTheirOwnerLives() throws {
    final class Owner: Sendable {
      let lives: Lives
      init(_ lives: Lives) { self.lives = lives }
      deinit { lives.end() }
    }
    let (memory, lives) = (
      UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 8), Lives()
    )
    defer { memory.deallocate() }
    memory.copyBytes(from: [1, 2, 3, 4])
    var part: TensorBytes? = TensorBytes(
      borrowing: UnsafeRawBufferPointer(memory), owner: Owner(lives))[1..<3]
    #expect(part?.array == [2, 3] && !lives.areOver)
    #expect(
      part?.withBytes { $0.baseAddress } == UnsafeRawPointer(memory.baseAddress)?.advanced(by: 1))
    part = nil
    #expect(lives.areOver)
  }

  @Test func valuesAreReadWhereverTheyLie() throws {
    let bytes = TensorBytes(copying: [9, 1, 0, 0, 0, 2, 0, 0, 0])
    let odd = try InferenceTensor(
      name: "x", type: .int32, shape: TensorShape([2]), bytes: bytes[1..<9])
    #expect(odd.values(of: Int32.self) == [1, 2])
    #expect(odd.values(of: UInt32.self) == nil && odd.elements == nil)
    #expect(odd.firstNotFinite == nil)
  }

  @Test func elementsKeepTheirBytes() throws {
    let prefixed: [UInt8] = [1, 0, 0, 0, 7, 0, 0, 0, 0, 2, 0, 0, 0, 8, 9]
    let read = try #require(try tensor(.bytes, [3], prefixed).elements)
    let made = ByteElements([[7], [], [8, 9]] as [[UInt8]])
    for elements in [read, made] {
      #expect((0..<elements.count).map { elements[$0].array } == [[7], [], [8, 9]])
      #expect(elements.prefixed.array == prefixed)
    }
    let single = ByteElements(single: TensorBytes(copying: [5, 6]))
    #expect(single.count == 1 && single.prefixed.array == [2, 0, 0, 0, 5, 6])
  }

  @Test func theFirstElementThatIsNotFiniteIsFound() throws {
    #expect(try tensor(.float16, [3], [0xFF, 0x7B, 0x00, 0x7C, 0x01, 0x7C]).firstNotFinite == 1)
    #expect(try tensor(.bfloat16, [2], [0x7F, 0x7F, 0xC0, 0xFF]).firstNotFinite == 1)
    func first<Element: TensorElement>(_ values: [Element]) throws -> Int? {
      InferenceTensor(name: "x", shape: try TensorShape([values.count]), values: values)
        .firstNotFinite
    }
    #expect(try first([0, -.greatestFiniteMagnitude, -.infinity] as [Float]) == 2)
    #expect(try first([.nan, 1] as [Double]) == 0)
    #expect(try first([1, .leastNonzeroMagnitude] as [Double]) == nil)
    #expect(try first([UInt32.max]) == nil)
  }
}

/// Whether an object is gone.
private final class Lives: Sendable {
  private let flag = Atomic(false)
  var areOver: Bool { flag.load(ordering: .acquiring) }
  func end() { flag.store(true, ordering: .releasing) }
}
