import Predictions
import Testing

@Suite struct MemberNamesTests {
  private func apart(_ sources: (String, [String])...) -> [[String]] {
    MemberNames.apart(sources.map { MemberNames.Source(path: $0, names: $1) })
  }

  @Test func onlyNamesThatClashGetTheirSources() {
    #expect(apart(("runs/a", ["x", "y"]), ("runs/b", ["z"])) == [["x", "y"], ["z"]])
    #expect(apart(("runs/a/", ["x", "y"]), ("runs/b", ["y"])) == [["x", "a/y"], ["b/y"]])
    #expect(apart(("./a", ["x"]), ("b/.", ["x"]), ("c", ["z"])) == [["a/x"], ["b/x"], ["z"]])
  }

  @Test func asMuchOfThePathAsTellsThemApart() {
    #expect(apart(("x/a", ["m"]), ("y/a", ["m"])) == [["x/a/m"], ["y/a/m"]])
    #expect(apart(("a", ["m"]), ("../a", ["m"]), ("b", ["m"])) == [["a/m"], ["../a/m"], ["b/m"]])
    #expect(apart(("1/x/a", ["m"]), ("2/x/a", ["m"])) == [["1/x/a/m"], ["2/x/a/m"]])
    #expect(apart((".", ["m"]), ("a", ["m"])) == [["./m"], ["a/m"]])
    #expect(apart(("a", ["m"]), ("a", ["m"])) == [["a/m"], ["a/m"]], "it is one source")
  }

  @Test func filesAloneAreNumbered() {
    let files = ["x/m.onnx", "y/m.onnx", "m.onnx"].map {
      MemberNames.Source(path: $0, names: ["m"], isFile: true)
    }
    #expect(MemberNames.apart(files) == [["m"], ["m (2)"], ["m (3)"]])
    let run = MemberNames.Source(path: "run", names: ["m", "n"])
    #expect(
      MemberNames.apart([run] + files)
        == [["run/m", "n"], ["x/m.onnx/m"], ["y/m.onnx/m"], ["m.onnx/m"]])
    let twice = [files[0], files[0], run]
    #expect(MemberNames.apart(twice) == [["m.onnx/m"], ["m.onnx/m (2)"], ["run/m", "n"]])
  }
}
