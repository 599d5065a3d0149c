import Testing

@testable import LowPrecision

@Suite struct LayerSearchTests {
  /// Divergences add up, and so much of them is little enough.
  private func search(
    _ divergences: [Double], enough: Double, most: Int? = nil, tries: Counter? = nil
  ) -> LayerSearch {
    let left = { (floats: Set<Int>) in
      divergences.indices.filter { !floats.contains($0) }.reduce(0) { $0 + divergences[$1] }
    }
    return LayerSearch(
      count: divergences.count, most: most ?? divergences.count,
      divergence: {
        tries?.count += 1
        return left($0)
      }, isEnough: { left($0) <= enough })
  }

  final class Counter { var count = 0 }

  @Test func nothingReturnsWhereAllIsGood() throws {
    let tries = Counter()
    let result = try search([1, 2, 3], enough: 6, tries: tries).run()
    #expect(result.isEnough && result.floatLayers.isEmpty && result.costliest == nil)
    #expect(tries.count == 0)
    #expect(try search([1, 2, 3], enough: 6).costliest() == 2)
  }

  @Test func theCostliestReturnFirst() throws {
    let tries = Counter()
    let result = try search([1, 5, 0.5, 3], enough: 1.6, tries: tries).run()
    #expect(result.isEnough && result.floatLayers == [1, 3] && result.costliest == 1)
    // All, each alone, and the second one again.
    #expect(tries.count == 1 + 4 + 1)
  }

  @Test func itGivesUp() throws {
    let result = try search([1, 5, 0.5, 3], enough: 0.1, most: 2).run()
    #expect(!result.isEnough && result.floatLayers == [1, 3])
    // What harms by its return stays.
    let harmful = try search([2, -1], enough: -3).run()
    #expect(!harmful.isEnough && harmful.floatLayers == [0])
  }

  @Test func gainsThatShrinkAreSeen() throws {
    // Layers 0 and 1 gain the same thing; layer 2 gains less alone than either.
    let search = LayerSearch(
      count: 3, most: 3,
      divergence: { floats in
        10 - (floats.contains(0) ? 5 : floats.contains(1) ? 4 : 0) - (floats.contains(2) ? 3 : 0)
      }, isEnough: { $0.contains(2) })
    #expect(try search.run().floatLayers == [0, 2])
  }
}
