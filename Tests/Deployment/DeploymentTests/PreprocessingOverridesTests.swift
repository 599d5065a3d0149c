import Datasets
import Deployment
import Inference
import InferenceTestSupport
import Testing

@Suite struct PreprocessingOverridesTests {
  private static let known = Preprocessing(
    height: 8, width: 8, resizing: .shortSide(9), interpolation: .bilinear, mean: [1, 2, 3],
    standardDeviation: [4, 5, 6])

  private static func described(
    over known: Preprocessing?, _ change: (inout PreprocessingOverrides) -> Void
  ) -> Preprocessing? {
    var overrides = PreprocessingOverrides()
    change(&overrides)
    return overrides.described(over: known, height: 8, width: 8, layout: .channelsFirst)
  }

  @Test func whatIsNotSaidStays() {
    #expect(Self.described(over: Self.known) { _ in } == Self.known)
    let cropped = Self.described(over: Self.known) { $0.resizing = .cropFraction(0.875) }
    #expect(cropped?.resizing == .shortSide(9) && cropped?.mean == Self.known.mean)
    let smaller = Self.described(over: Self.known) { $0.resizing = .cropFraction(0.5) }
    #expect(smaller?.resizing == .shortSide(16))
    let turned = Self.described(over: Self.known) { $0.channelOrder = .bgr }
    #expect(turned?.channelOrder == .bgr && turned?.interpolation == .bilinear)
  }

  /// A scale alone says what mean and deviation are; nothing else does for a model that says nothing itself.
  @Test func theScaleIsEnough() {
    #expect(Self.described(over: nil) { $0.mean = [0, 0, 0] } == nil)
    let scaled = Self.described(over: nil) { $0.scale = 2 }
    #expect(scaled?.mean == [0, 0, 0] && scaled?.standardDeviation == [127.5, 127.5, 127.5])
    #expect(scaled?.resizing == Preprocessing.Resizing.none && scaled?.interpolation == .bicubic)
    let both = Self.described(over: nil) { ($0.scale, $0.mean) = (1, [7, 8, 9]) }
    #expect(both?.mean == [7, 8, 9] && both?.standardDeviation == [255, 255, 255])
  }

  @Test func theInputMustBeTheModels() throws {
    var overrides = PreprocessingOverrides()
    overrides.scale = 1
    let model = try ImageModel(fixture: "logits")
    #expect(try overrides.member(model).preprocessing.standardDeviation == [255, 255, 255])
    #expect(throws: InferenceError.unknownPreprocessing(source: modelFixture("logits"))) {
      try PreprocessingOverrides().member(model)
    }
  }
}
