import Weights

/// What stands on the stack of a pickle.
///
/// Containers are numbers into a `PickleHeap`, so that one that holds itself, or a million within each other, is nothing special.
enum PickleValue: Sendable {
  case none
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list(Int)
  /// Also torch.Size.
  case tuple(Int)
  case dictionary(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)
  /// The number that begins the first pickle of PyTorch's old format.
  case magicNumber
  /// Anything that weights are not: bytes, sets, large integers, objects of harmless types. Nothing is kept of it.
  case opaque
}

/// The containers, storages and tensors that a pickle made.
struct PickleHeap: Sendable {
  struct Pair: Sendable {
    let key, value: PickleValue
  }

  var lists: [[PickleValue]] = []
  var tuples: [[PickleValue]] = []
  var dictionaries: [[Pair]] = []
  var storages: [StorageReference] = []
  var tensors: [TensorView] = []
}

/// The elements of a tensor as PyTorch names them.
struct ElementType: Hashable, Sendable {
  /// Such as "float32".
  let name: String
  let byteCount: Int
  /// Nil for what safetensors files cannot hold, such as complex numbers.
  let dataType: TensorDataType?
}

/// Bytes in the file that a pickle names; several tensors may share them.
struct StorageReference: Sendable {
  let key: String
  /// Nil for bytes without a type, whose tensors say it.
  let element: ElementType?
  /// In elements, or in bytes without a type.
  let count: Int
  /// Where it is part of another storage: the elements before it, and of the whole. Only in the old format.
  private(set) var offset = 0
  let wholeCount: Int

  init(key: String, element: ElementType?, count: Int) {
    (self.key, self.element, self.count, wholeCount) = (key, element, count, count)
  }

  /// So many of its elements.
  init(partOf whole: StorageReference, offset: Int, count: Int) {
    (key, element, wholeCount) = (whole.key, whole.element, whole.wholeCount)
    (self.offset, self.count) = (offset, count)
  }
}

/// A tensor as a view of a storage.
struct TensorView: Sendable {
  let storage: Int
  let element: ElementType
  /// In elements.
  let offset: Int
  let shape: [Int]
  /// In elements.
  let strides: [Int]

  /// The number of elements, or nil where it overflows.
  var count: Int? {
    var product = 1
    for dimension in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
      guard dimension >= 0, !overflow else { return nil }
      product = next
    }
    return product
  }

  /// One behind the last element of the storage that is read; 0 for none, nil where it overflows.
  var end: Int? {
    guard let count else { return nil }
    if count == 0 { return 0 }
    var last = offset
    for (dimension, stride) in zip(shape, strides) {
      let (step, isTooLarge) = (dimension - 1).multipliedReportingOverflow(by: stride)
      let (next, overflow) = last.addingReportingOverflow(step)
      guard !isTooLarge, !overflow else { return nil }
      last = next
    }
    return last == Int.max ? nil : last + 1
  }

  /// Whether the elements stand one after the other, row-major.
  var isContiguous: Bool {
    var expected = 1
    for (dimension, stride) in zip(shape, strides).reversed() where dimension != 1 {
      guard stride == expected else { return false }
      expected *= dimension
    }
    return true
  }
}
