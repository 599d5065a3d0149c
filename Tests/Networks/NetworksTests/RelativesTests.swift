import Testing

@testable import Networks

@Suite struct RelativesTests {
  @Test func theNextAndThoseBetween() {
    #expect(Network.relatives(of: ["wide-resnet-16-1"]) == ["wide-resnet-16-2"])
    #expect(
      Network.relatives(of: ["wide-resnet-16-2", "wide-resnet-16-8"]) == [
        "wide-resnet-16-1", "wide-resnet-16-4", "wide-resnet-16-16",
      ])
    #expect(Network.relatives(of: ["resnet-20"]) == ["resnet-32"])
    #expect(Network.relatives(of: ["resnet-56"]) == ["resnet-44", "resnet-110"])
    #expect(Network.relatives(of: ["resnet-18"]) == ["resnet-34"])
    #expect(
      Network.relatives(of: ["efficientnet-b0", "efficientnet-b2-symmetric"]) == [
        "efficientnet-b1", "efficientnet-b1-symmetric", "efficientnet-b3-symmetric",
      ])
    #expect(Network.relatives(of: ["efficientnet-b7"]) == ["efficientnet-b6"])
  }

  @Test func otherNamesHaveNone() {
    #expect(
      Network.relatives(of: [
        "wrn-00.11.03", "my-network", "resnet-21", "wide-resnet-16-0", "wide-resnet-16",
        "packed-wide-resnet-16-4-m4-a2-g1", "", "efficientnet", "efficientnet-x",
        "efficientnet-lite0", "wide-resnet-16-5000000000000000000",
        "wide-resnet-16-9000000000000000000",
      ]).isEmpty)
  }

  @Test func allCanBeMade() throws {
    for name in Network.relatives(of: ["wide-resnet-10-1", "resnet-44", "efficientnet-b6"]) {
      #expect(try Network(named: name).name == name)
    }
  }
}
