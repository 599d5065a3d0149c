import Synchronization
import Testing
import Torch

@Suite struct TensorTests {
  @Test func elementsRoundTrip() throws {
    let values: [Int64] = [1, -2, 3, 4, 5, 6]
    let tensor = try Tensor(values, shape: [2, 3])
    #expect(try tensor.shape() == [2, 3])
    #expect(try tensor.elementType() == .int64)
    #expect(try tensor.elements(as: Int64.self) == values)
  }

  @Test func channelsLastKeepsTheValues() throws {
    let values = (0..<48).map { Float($0) }
    let tensor = try Tensor(values, shape: [2, 3, 2, 4]).contiguous(.channelsLast)
    #expect(try tensor.isContiguous(.channelsLast))
    #expect(try !tensor.isContiguous(.contiguous))
    #expect(try tensor.elements(as: Float.self) == values)
  }

  /// Counts the owners of borrowed memory that are gone.
  private final class Releases: Sendable {
    let count = Atomic(0)
  }

  private final class Owner: Sendable {
    private let releases: Releases
    init(_ releases: Releases) { self.releases = releases }
    deinit { releases.count.add(1, ordering: .relaxed) }
  }

  @Test func borrowedMemoryIsReleasedWithItsLastTensor() throws {
    let releases = Releases()
    let bytes: [UInt8] = [1, 2, 3, 4]
    try bytes.withUnsafeBytes { bytes in
      func rows() throws -> Tensor {
        try Tensor.borrowing(bytes, shape: [2, 2], type: .uint8, owner: Owner(releases))
          .narrowed(0, 1..<2)
      }
      do {
        let rows = try rows()
        #expect(try rows.elements(as: UInt8.self) == [3, 4])
        #expect(releases.count.load(ordering: .relaxed) == 0, "while a view is alive")
      }
      #expect(releases.count.load(ordering: .relaxed) == 1)
    }
  }

  /// A second release would take away the reference that is kept here.
  @Test func borrowedMemoryIsReleasedOnce() throws {
    let releases = Releases()
    let bytes: [UInt8] = [1, 2, 3, 4]
    let owner = Owner(releases)
    try bytes.withUnsafeBytes { bytes in
      for _ in 0..<3 {
        _ = try Tensor.borrowing(bytes, shape: [2, 2], type: .uint8, owner: owner)
      }
    }
    withExtendedLifetime(owner) { #expect(releases.count.load(ordering: .relaxed) == 0) }
  }

  @Test(arguments: [[2, 3], [1], [0], [-4], [Int(Int32.max), Int(Int32.max), 4]])
  func memoryOfAnotherSizeIsNotBorrowed(shape: [Int]) throws {
    final class Owner: Sendable {}
    weak var released: Owner?
    do {
      let owner = Owner()
      released = owner
      let bytes: [UInt8] = [1, 2, 3, 4]
      bytes.withUnsafeBytes { bytes in
        let error = #expect(throws: TorchError.self) {
          _ = try Tensor.borrowing(bytes, shape: shape, type: .uint8, owner: owner)
        }
        #expect(error?.operation == "from_blob")
      }
    }
    #expect(released == nil)
  }

  @Test func errorsNameTheOperationAndTheShapes() throws {
    let a = try Tensor.zeros([2, 3])
    let b = try Tensor.zeros([4, 5])
    let error = #expect(throws: TorchError.self) { _ = try a.adding(b) }
    #expect(error?.operation == "add")
    #expect(error?.message.contains("3") == true && error?.message.contains("5") == true)
    let refused: [(String, () throws -> Void)] = [
      ("from_bytes", { _ = try Tensor([1, 2] as [Float], shape: [3]) }),
      ("elements", { _ = try a.elements(as: Int64.self) }),
      ("scalar", { _ = try a.scalar() }),
    ]
    for (operation, refuse) in refused {
      let error = #expect(throws: TorchError.self) { try refuse() }
      #expect(error?.operation == operation)
    }
  }

  @Test func withoutGradientsRecordsNothing() throws {
    let x = try Tensor.full([2], 3)
    try x.setRequiresGradient()
    let recorded = try x.adding(x).sum()
    let unrecorded = try withoutGradients { try x.adding(x).sum() }
    #expect(throws: TorchError.self) { try unrecorded.backward() }
    try recorded.backward()
    #expect(try #require(try x.gradient()).elements(as: Float.self) == [2, 2])
    try x.clearGradient()
    #expect(try x.gradient() == nil)
  }

  @Test func generatorsRepeat() throws {
    let generator = try Generator(seed: 7)
    let first: [Float] = try Tensor.normal([100], standardDeviation: 2, generator: generator)
      .elements()
    let next: [Float] = try Tensor.normal([100], standardDeviation: 2, generator: generator)
      .elements()
    try generator.reseed(7)
    let again: [Float] = try Tensor.normal([100], standardDeviation: 2, generator: generator)
      .elements()
    #expect(first == again)
    #expect(first != next)
  }

  @Test func dropoutKeepsTheExpectation() throws {
    let generator = try Generator(seed: 1)
    let ones = try Tensor.full([100_000], 1)
    let dropped: [Float] = try ones.dropout(rate: 0.25, generator: generator).elements()
    #expect(Set(dropped) == [0, Float(4) / 3])
    // Four standard deviations of a binomial share around 3/4.
    let kept = Double(dropped.count { $0 != 0 }) / 100_000
    #expect(abs(kept - 0.75) < 4 * (0.75 * 0.25 / 100_000).squareRoot())
  }

  @Test func threadsAreSetForTheCallingThread() throws {
    let earlier = try Runtime.threads()
    try Runtime.setThreads(1)
    #expect(try Runtime.threads() == 1)
    try Runtime.setThreads(earlier)
  }

  @Test func theVersionIsThePinnedOne() {
    #expect(Runtime.version == "2.11.0")
  }
}
