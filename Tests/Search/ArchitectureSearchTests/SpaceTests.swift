import ArchitectureSearch
import Networks
import Randomness
import Testing

@Suite struct SpaceTests {
  private static let spaces: [any SearchSpace] = [
    WideResNetSpace.cifar, MobileSpace.cifar, MobileSpace.imageNet,
  ]

  private func random(_ space: any SearchSpace, _ count: Int) -> [Architecture] {
    var stream = RandomStream(seed: 9)
    return (0..<count).map { _ in
      Architecture(space.decisions.map { stream.integer(below: $0.options.count) })
    }
  }

  @Test(arguments: spaces) func everyArchitectureIsAValidNetworkOfItsName(
    _ space: any SearchSpace
  ) throws {
    try space.validate()
    for architecture in random(space, 300) {
      let network = try space.network(architecture)
      #expect(network.name == space.name(of: architecture))
      #expect(space.contains(architecture))
    }
  }

  @Test func namesAreOneDigitADecision() throws {
    let architecture = Architecture([0, 1, 3, 5, 2, 0])
    #expect(WideResNetSpace.cifar.name(of: architecture) == "wrn-01.35.20")
    #expect(
      WideResNetSpace.cifar.description(of: architecture) == [
        "group 1: 1 block, 12 channels", "group 2: 4 blocks, 96 channels",
        "group 3: 3 blocks, 32 channels",
      ])
  }

  /// WRN-16-1 is one of the space, and costs what PyTorch counts.
  @Test func aWideResNetIsFound() throws {
    let network = try WideResNetSpace.cifar.network(Architecture([1, 2, 1, 2, 1, 2]))
    #expect(network.cost.parameters == 175_066)
    #expect(network.cost.multiplyAccumulates == 26_657_408)
    #expect(network.layers == (try WideResNet(depth: 16, widenFactor: 1)).network.layers)
  }

  /// B0's choices around its own numbers, with its own first stage, are B0.
  @Test func efficientNetIsInTheImageNetSpace() throws {
    let space = MobileSpace.imageNet
    // Kernel, expansion, squeeze-and-excitation, blocks, channels, skip of each stage.
    let architecture = Architecture(
      [0, 0, 1, 0, 0, 0] + [0, 1, 1, 1, 1, 0] + [1, 1, 1, 1, 1, 0] + [0, 1, 1, 1, 1, 0]
        + [1, 1, 1, 1, 1, 0] + [1, 1, 1, 1, 1, 0] + [0, 1, 1, 0, 1, 0])
    let network = try space.network(architecture)
    #expect(network.cost.multiplyAccumulates == 385_814_752)
    #expect(network.layers == (try EfficientNet(.b0)).network.layers)
  }

  @Test func aSkipThatSkipsNothingIsNoDifference() throws {
    let space = MobileSpace.cifar
    for architecture in random(space, 500) {
      let canonical = space.canonical(architecture)
      #expect(
        try space.network(canonical).layers == space.network(architecture).layers)
      #expect(space.canonical(canonical) == canonical)
    }
    // One block of stride 2: nothing keeps its shape.
    var one = Architecture([Int](repeating: 0, count: 30))
    one.choices[11] = 1
    #expect(space.canonical(one) != one)
    // Two blocks: the second does.
    one.choices[9] = 1
    #expect(space.canonical(one) == one)
  }

  @Test func theCostRangeIsThatOfAllNetworks() throws {
    let space = WideResNetSpace(
      inputSize: 8,
      groups: [
        .init(blocks: [2, 1, 3], channels: [24, 8, 16]), .init(blocks: [2, 1], channels: [8, 32]),
      ])
    var costs: [Double] = []
    for first in 0..<3 {
      for second in 0..<3 {
        for third in 0..<2 {
          for fourth in 0..<2 {
            let network = try space.network(Architecture([first, second, third, fourth]))
            costs.append(Double(network.cost.multiplyAccumulates))
          }
        }
      }
    }
    let range = try space.costRange(.multiplyAccumulates)
    #expect(range.lowerBound == costs.min())
    #expect(range.upperBound == costs.max())
    #expect(space.size == 36)
  }

  @Test func spacesThatCannotBeSearchedAreRefused() {
    #expect(throws: SearchError.emptySpace(reason: "nothing is left to choose")) {
      try WideResNetSpace(groups: [.init(blocks: [1], channels: [8])]).validate()
    }
    var space = MobileSpace.cifar
    space.stages[1].kernelSizes = [3, 4]
    let even = space
    let error = #expect(throws: SearchError.self) { try even.validate() }
    guard case .contradictorySpace(let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("gives no network"))
  }
}
