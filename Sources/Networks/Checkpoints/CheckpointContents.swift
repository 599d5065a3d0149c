/// What a checkpoint holds, as its pickle says it, with every storage there.
struct CheckpointContents: Sendable {
  let root: PickleValue
  let heap: PickleHeap
  let passedOver: [String]
  let storages: StorageFile

  init(
    root: PickleValue, machine: PickleMachine, storages: StorageFile
  ) throws(CheckpointError) {
    try storages.check(machine.heap.storages)
    (self.root, heap, self.storages) = (root, machine.heap, storages)
    passedOver = machine.passedOver.sorted()
  }

  /// Tensors that stand under names in one dictionary.
  struct NamedTensors: Sendable {
    /// Where the dictionary is, such as "state_dict" or "model.ema"; "." for the whole file.
    let key: String
    /// In the order of the dictionary.
    let tensors: [(name: String, view: TensorView)]
    /// Whether it holds nothing else.
    let isPure: Bool
  }

  /// The dictionaries of tensors, the whole first, then what is in it, then in these.
  func sets(path: String) throws(CheckpointError) -> [NamedTensors] {
    guard case .dictionary(let place) = root else { return [] }
    var sets = try [tensors(in: place, key: ".", path: path)]
    var level = [(key: "", place: place)]
    for _ in 0..<2 {
      var next: [(key: String, place: Int)] = []
      for (key, place) in level {
        for pair in heap.dictionaries[place] {
          guard case .text(let name) = pair.key, case .dictionary(let inner) = pair.value,
            !Self.isOptimizer(name)
          else { continue }
          next.append((key.isEmpty ? name : "\(key).\(name)", inner))
        }
      }
      for (key, place) in next { sets.append(try tensors(in: place, key: key, path: path)) }
      level = next
    }
    return sets.filter { !$0.tensors.isEmpty }
  }

  /// What keeps tensors that are no weights.
  private static func isOptimizer(_ name: String) -> Bool {
    ["optim", "sched", "scaler", "rng", "callbacks", "loops"].contains {
      name.lowercased().contains($0)
    }
  }

  private func tensors(
    in place: Int, key: String, path: String
  ) throws(CheckpointError) -> NamedTensors {
    var tensors: [(String, TensorView)] = []
    var names: Set<String> = []
    var isPure = true
    for pair in heap.dictionaries[place] {
      guard case .text(let name) = pair.key, case .tensor(let index) = pair.value else {
        isPure = false
        continue
      }
      guard names.insert(name).inserted else {
        throw .damaged(path: path, reason: "it gives the name '\(name)' twice under '\(key)'")
      }
      tensors.append((name, heap.tensors[index]))
    }
    return NamedTensors(key: key, tensors: tensors, isPure: isPure)
  }
}
