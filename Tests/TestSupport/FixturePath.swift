/// The path of a file in the directory `Fixtures` beside the calling test's file.
public func fixture(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Fixtures/\(name)"
}
