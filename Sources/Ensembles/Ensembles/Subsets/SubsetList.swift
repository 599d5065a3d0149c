/// Subsets of members in little memory: four bytes a member, where an array of arrays takes ten times that.
package struct SubsetList: Sendable {
  /// The subsets' positions, one subset after another.
  private var positions: [UInt32] = []
  /// Where each subset ends in `positions`.
  private var ends: [Int] = []

  package init() {}

  package var count: Int { ends.count }

  /// - Parameter subset: Positions of members, ascending.
  package mutating func append(_ subset: [Int]) {
    for position in subset { positions.append(UInt32(position)) }
    ends.append(positions.count)
  }

  private func range(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  package subscript(index: Int) -> [Int] { positions[range(index)].map { Int($0) } }

  /// How many members the subset has.
  package func size(_ index: Int) -> Int { range(index).count }

  /// Calls `body` with each position of a subset, without making an array of them.
  package func forEach(in index: Int, _ body: (Int) -> Void) {
    for place in range(index) { body(Int(positions[place])) }
  }

  /// How many additions of a member the subsets take where each begins with what it shares with the one before.
  package func additions(_ indices: Range<Int>) -> Int {
    indices.reduce(0) { $0 + size($1) - ($1 > indices.lowerBound ? shared($1) : 0) }
  }

  /// How many members the subset begins with that the one before begins with too.
  private func shared(_ index: Int) -> Int {
    let (first, second) = (range(index - 1), range(index))
    return zip(first, second).prefix { positions[$0] == positions[$1] }.count
  }
}
