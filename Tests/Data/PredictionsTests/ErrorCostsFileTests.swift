import Files
import TestSupport
import Testing

@testable import Predictions

/// What errors cost, as a table says it.
@Suite struct ErrorCostsFileTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func read(
    _ text: String, _ names: [String]? = ["cat", "dog", "owl"], classes: Int = 3
  ) throws -> (costs: ErrorCosts, notes: [Note]) {
    let path = try directory.write(Array(text.utf8), to: "costs.csv")
    return try ErrorCosts.File(path: path).costs(classNames: names, classes: classes)
  }

  /// Rows are true classes, columns predicted ones, both found by name.
  @Test func classesAreFoundByName() throws {
    let (costs, notes) = try read(",owl,cat,dog\ndog,1,2,0\ncat,3,-0.5,4\nowl,0,5e0,6\n")
    #expect(costs.names == ["cat", "dog", "owl"])
    #expect(costs.rows == [[-0.5, 4, 3], [2, 0, 1], [5, 6, 0]])
    #expect(costs.cost(label: 0, predicted: 1) == 4)
    #expect(costs.least == -0.5 && costs.greatest == 6)
    #expect(costs.loss(label: 0, predicted: 0) == 0 && costs.loss(label: 2, predicted: 1) == 1)
    #expect(costs.cost(ofLoss: 0.5) == 2.75)
    #expect(
      notes.map(\.text) == [
        "its lines are taken as the true classes, its columns as the predicted ones"
      ])
  }

  @Test func theCornerSaysWhatLinesAre() throws {
    let text = "true\\predicted,Cat,DOG,owl\ncat,0,1,1\n"
    #expect(throws: EnsembleError.self) { try read(text) }
    let whole = "true\\predicted,Cat,DOG,owl\nCat,0,1,1\nDOG,1,0,1\nowl,1,9,0\n"
    let (costs, notes) = try read(whole)
    #expect(costs.rows == [[0, 1, 1], [1, 0, 1], [1, 9, 0]] && notes.isEmpty)
  }

  @Test func classesWithoutNamesAreNumbers() throws {
    let (costs, _) = try read(",1,0\n0,2,0\n1,0,1\n", nil, classes: 2)
    #expect(costs.rows == [[0, 2], [1, 0]] && costs.names == ["0", "1"])
    #expect(costs.areOf(classes: 2, names: ["a", "b"]) && costs.areOf(classes: 2, names: nil))
    #expect(!costs.areOf(classes: 3, names: nil))
    #expect(
      try !read(",cat,dog,owl\ncat,0,1,1\ndog,1,0,1\nowl,1,1,0\n").costs.areOf(
        classes: 3, names: ["dog", "cat", "owl"]))
  }

  @Test(arguments: [
    ("", "has no line of class names"), ("cat\n0\n", "has no line of class names"),
    (",cat,dog,owl\ncat,0,1,1\ndog,1,0,1\n", "has a column of the class 'owl' and no such line"),
    (
      ",cat,dog,owl\ncat,0,1,1\ndog,1,0,1\nowl,1,1,0\nowl,1,1,0\n",
      "line 5' has the class 'owl' of line 4 again"
    ),
    (",cat,dog,dog\ncat,0,1,1\n", "line 1' names the class 'dog' twice"),
    (",cat,dog,\ncat,0,1,1\n", "line 1' has no class's name in column 4"),
    (
      ",cat,dog,owl\ncat,0,1,1\ndog,1,0,1\nowls,1,1,0\n",
      "has a line of the class 'owls' and no such column (did you mean 'owl'?)"
    ),
    (
      ",cat,dog,owl\ncat,0,1,1\ndog,1,0,x\nowl,1,1,0\n",
      "line 3' has 'x' under 'owl', which is no finite number"
    ),
    (",cat,dog,owl\ncat,0,1,1\ndog,1,0,nan\nowl,1,1,0\n", "line 3' has 'nan'"),
    (",cat,dog,owl\ncat,0,1,1\ndog,1,0,\nowl,1,1,0\n", "line 3' has '' under 'owl'"),
    (
      ",cat,dog,owl\ncat,0,1\ndog,1,0,1\nowl,1,1,0\n",
      "line 2' has 3 fields where there are 4 columns"
    ),
    (
      ",cat,dog,owl\ncat,0,1,1\ndog,1,2,1\nowl,1,1,0\n",
      "an image of 'dog' costs more if it is right than if it is taken for 'cat'"
    ),
    (",cat,dog,owl\ncat,1,1,1\ndog,1,1,1\nowl,1,1,1\n", "all its costs are equal"),
    (",cat,dog\ncat,0,1\ndog,1,0\n", "has costs of 2 classes, and the predictions have 3"),
    (
      ",cat,dog,cow\ncat,0,1,1\ndog,1,0,1\ncow,1,1,0\n",
      "names the class 'cow', which is none of the predictions'"
    ),
    (
      "predicted/true,cat,dog,owl\ncat,0,1,1\ndog,1,0,1\nowl,1,1,0\n",
      "as if its lines were the predicted classes"
    ),
  ])
  func refusals(_ text: String, _ reason: String) throws {
    let error = #expect(throws: EnsembleError.self) { try read(text) }
    let message = try #require(error?.description)
    #expect(message.contains(reason) && message.contains("costs.csv"), "\(message)")
  }

  @Test func namesNeedPredictionsWithNames() throws {
    let error = #expect(throws: EnsembleError.self) {
      try read(",cat,dog\ncat,0,1\ndog,1,0\n", nil, classes: 2)
    }
    #expect(error?.description.contains("have no names; call them 0 to 1") == true)
  }
}
