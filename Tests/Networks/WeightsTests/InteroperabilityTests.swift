import Files
import TestSupport
import Testing
import Weights

@Suite struct InteroperabilityTests {
  @Test func readsWhatPythonWrote() throws {
    let file = try SafeTensors(path: fixture("python.safetensors"))
    #expect(file.metadata == ["format": "pt", "key \"\n": "vé"])
    #expect(file.names.count == 12)
    let weight = try file.entry("conv.weight")
    #expect(weight.dataType == .float32 && weight.shape == [2, 3])
    #expect(weight.count == 6 && weight.byteCount == 24)
    let floats = try file.floats(named: "conv.weight")
    #expect(floats == [1.5, -2.25, 3e-8, .infinity, -0.0, 7])
    #expect(floats[4].sign == .minus)
    #expect(try file.floats(named: "half") == [0.099975586, 65504, -5.9604645e-08])
    #expect(try file.floats(named: "brain") == [0.10009765625, 3.00405527047391e38])
    #expect(try file.int64s(named: "steps") == [-9_000_000_000])
    #expect(try file.entry("steps").shape == [])
    #expect(try file.entry("empty").shape == [0, 4])
    #expect(try file.floats(named: "empty") == [])
  }

  @Test func readsEveryTypeThatPythonWrote() throws {
    let file = try SafeTensors(path: fixture("python.safetensors"))
    let double = try file.withBytes(of: "double") { $0.loadUnaligned(as: Double.self) }
    #expect(double == 0.1)
    #expect(try file.withBytes(of: "i32") { $0.loadUnaligned(as: Int32.self) } == -1)
    #expect(try file.withBytes(of: "i16") { $0.loadUnaligned(as: Int16.self) } == -300)
    #expect(try file.withBytes(of: "i8") { Array($0) } == [251, 5, 6])
    #expect(try file.withBytes(of: "u8") { Array($0) } == [255])
    #expect(try file.withBytes(of: "mask") { Array($0) } == [1, 0, 1])
    #expect(try file.withBytes(of: "quote\"\\\té🎻") { Array($0) } == [42])
    let types = try ["double", "i32", "i16", "i8", "u8", "mask", "half", "brain"].map {
      try file.entry($0).dataType
    }
    #expect(
      types == [.float64, .int32, .int16, .int8, .uint8, .boolean, .float16, .bfloat16])
  }

  /// `Fixtures/make_fixtures.py` reads the same bytes with Python's safetensors and checks each value.
  @Test func writesTheBytesThatPythonReadBack() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/consort.safetensors"
    try SafeTensors.write(to: path, tensors: tensors, metadata: metadata)
    #expect(try contents(path) == contents(fixture("consort.safetensors")))
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/a.safetensors"
    try SafeTensors.write(to: path, tensors: tensors, metadata: metadata)
    let file = try SafeTensors(path: path)
    // Wider elements come first; else the order is the one given.
    #expect(file.names == ["labels", "weight", "scalar", "mask", "hé"])
    #expect(file.metadata == metadata)
    #expect(try file.floats(named: "weight") == [0.5, -1.25, 3, 4, 5, -6])
    #expect(try file.int64s(named: "labels") == [3, -1, 9_000_000_000])
    #expect(try file.floats(named: "scalar") == [2.5])
    #expect(try file.entry("weight").shape == [2, 3])
    let remainder = try file.withBytes(of: "labels") { UInt(bitPattern: $0.baseAddress) % 8 }
    #expect(remainder == 0)
  }

  private var metadata: [String: String] {
    ["note": "café \"quoted\"\n\\ \u{1}", "format": "pt"]
  }

  private var tensors: [TensorContent] {
    [
      TensorContent(name: "mask", dataType: .boolean, shape: [3], bytes: [1, 0, 1]),
      TensorContent(name: "weight", shape: [2, 3], floats: [0.5, -1.25, 3, 4, 5, -6]),
      TensorContent(name: "labels", shape: [3], int64s: [3, -1, 9_000_000_000]),
      TensorContent(name: "scalar", shape: [], floats: [2.5]),
      TensorContent(name: "hé", dataType: .uint8, shape: [1]) { receive in
        try [UInt8]([7]).withUnsafeBytes(receive)
      },
    ]
  }
}
