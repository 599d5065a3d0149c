import CKernels

/// e to the power of each value, at most 700, within two units in the last place; 0 below -708.
func exponentials(_ values: [Double]) -> [Double] {
  [Double](unsafeUninitializedCapacity: values.count) { results, count in
    count = values.count
    guard let target = results.baseAddress else { return }
    values.withUnsafeBufferPointer { values in
      if let source = values.baseAddress { consort_exponentials(source, target, Int64(count)) }
    }
  }
}
