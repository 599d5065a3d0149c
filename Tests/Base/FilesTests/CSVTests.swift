import Files
import Testing

@Suite struct CSVTests {
  /// Python's csv module reads the cells back.
  @Test(arguments: [
    ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""),
    ("a\nb", "\"a\nb\""),
    ("a\rb", "\"a\rb\""), ("a\r\nb", "\"a\r\nb\""), ("é;🎺", "é;🎺"), ("\"", "\"\"\"\""),
  ])
  func whatBreaksALineIsQuoted(cell: String, field: String) {
    #expect(CSV.line([cell, "x"]) == "\(field),x\n")
  }
}
