import ArchitectureSearch
import Networks
import Testing

struct SpaceTests {
  @Test func namesAreCodes() throws {
    let space = WideResNetSpace.cifar
    let architecture = Architecture([0, 1, 3, 5, 2, 0])
    #expect(space.name(of: architecture) == "wrn-01.35.20")
    #expect(try space.network(architecture).name == "wrn-01.35.20")
  }
}
