import Foundation

/// The directory of `Package.swift`, in which the tests were built.
public let checkout = URL(filePath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The path of a file in the directory `Fixtures` beside the calling test's file.
public func fixture(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Fixtures/\(name)"
}

/// The path of a fixture of other tests, such as "Data/DatasetsTests".
public func fixture(_ name: String, of tests: String) -> String {
  checkout.appendingPathComponent("Tests/\(tests)/Fixtures/\(name)").path
}
