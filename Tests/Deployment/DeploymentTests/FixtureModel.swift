import Inference
import TestSupport

/// A file of InferenceTests, whose models take images of 8 x 8 pixels and know five classes.
func fixture(_ name: String) -> String { fixture(name, of: "Engines/InferenceTests") }

extension ImageModel {
  init(fixture name: String) throws { try self.init(path: DeploymentTests.fixture("\(name).onnx")) }
}
