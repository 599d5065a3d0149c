import Foundation
import TestSupport

/// The models of InferenceTests, which take images of 8 x 8 pixels and know five classes.
func model(_ name: String) -> String {
  fixture("\(name).onnx", of: "Engines/InferenceTests")
}

func image(_ name: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(filePath: fixture(name, of: "Data/DatasetsTests"))))
}

extension Consort {
  /// What was printed, less the lines that say how long it took.
  var outputWithoutTime: String {
    output.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.contains("\"seconds\"") && !$0.contains(" ms an image") }
      .joined(separator: "\n")
  }
}
