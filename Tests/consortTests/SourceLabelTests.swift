import Testing

@testable import consort

@Suite struct SourceLabelTests {
  @Test(arguments: [
    (["runs/a", "runs/b"], ["a", "b"]), (["x/a", "y/a"], ["x/a", "y/a"]),
    (["x/a", "y/a/", "c"], ["x/a", "y/a", "c"]), (["./a.json", "../b.safetensors"], ["a", "b"]),
    (["p/x/a", "q/x/a"], ["p/x/a", "q/x/a"]), (["a", "a"], ["a", "a"]), (["/", "a"], ["/", "a"]),
  ])
  func pathsAreToldApart(paths: [String], labels: [String]) {
    #expect(SourceLabels.labels(of: paths) == labels)
  }
}
