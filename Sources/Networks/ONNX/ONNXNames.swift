/// The names of a graph's values and constants, each given once.
struct ONNXNames {
  private var taken: Set<String>

  init(taken: Set<String>) { self.taken = taken }

  /// The name, or the first of it with a number that is not taken.
  mutating func unique(_ name: String) -> String {
    var (found, number) = (name, 1)
    while !taken.insert(found).inserted {
      found = "\(name).\(number)"
      number += 1
    }
    return found
  }
}
