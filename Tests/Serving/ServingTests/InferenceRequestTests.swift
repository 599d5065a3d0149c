import TestSupport
import Testing

@testable import Serving

@Suite struct InferenceRequestTests {
  private func read(
    _ json: String, binary: [UInt8] = [], rawInput: TensorDescription? = nil
  ) throws(ProtocolError) -> InferenceRequest {
    try InferenceRequest(
      body: TensorBytes(copying: Array(json.utf8) + binary),
      headerLength: binary.isEmpty ? nil : json.utf8.count, rawInput: rawInput,
      defaultID: "made up")
  }

  /// A request with one input of these keys.
  private func input(
    _ keys: String, binary: [UInt8] = []
  ) throws(ProtocolError) -> InferenceTensor {
    try read(#"{"inputs":[{"name":"x",\#(keys)}]}"#, binary: binary).inputs[0]
  }

  private func fault(
    _ keys: String, binary: [UInt8] = [], sourceLocation: SourceLocation = #_sourceLocation
  ) -> TensorFault? {
    do throws(ProtocolError) {
      _ = try input(keys, binary: binary)
    } catch {
      #expect(error.status == 400)
      if case .badInput(name: "x", let fault) = error { return fault }
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
  }

  private func error(
    _ json: String, binary: [UInt8] = [], rawInput: TensorDescription? = nil
  ) -> ProtocolError? {
    do throws(ProtocolError) {
      _ = try read(json, binary: binary, rawInput: rawInput)
      return nil
    } catch {
      return error
    }
  }

  // MARK: JSON data

  @Test func flatAndNestedDataAreTheSame() throws {
    for data in ["[1,2,3,4,5,6]", "[[1,2,3],[4,5,6]]", " [ [1 , 2,3]\n,\t[4,5,6] ] "] {
      let tensor = try input(#""shape":[2,3],"datatype":"FP32","data":\#(data)"#)
      #expect(tensor.values(of: Float.self) == [1, 2, 3, 4, 5, 6])
    }
    // Nested in part: each innermost list has all that the dimensions from there on have.
    let partly = try input(#""shape":[2,3,1],"datatype":"INT8","data":[[1,2,3],[4,5,6]]"#)
    #expect(partly.values(of: Int8.self) == [1, 2, 3, 4, 5, 6])
    let empty = try input(#""shape":[2,0],"datatype":"FP64","data":[[],[]]"#)
    #expect(empty.values(of: Double.self) == [])
    let single = try input(#""shape":[],"datatype":"FP64","data":[7]"#)
    #expect(single.values(of: Double.self) == [7])
  }

  @Test func keysComeInAnyOrder() throws {
    let tensor = try read(
      #"{"inputs":[{"data":[[1],[2]],"datatype":"INT32","other":{"a":[null]},"shape":[2,1],"name":"y"}],"id":"i"}"#
    )
    #expect(tensor.inputs[0].values(of: Int32.self) == [1, 2])
    #expect(tensor.id == "i")
    let base64 = try input(
      #""data":["AAE="],"datatype":"BYTES","shape":[1],"parameters":{"content_type":"base64"}"#)
    #expect(base64.elements?[0].array == [0, 1])
  }

  @Test func nestingThatIsNotTheShapesIsRefused() throws {
    let shape = try TensorShape([2, 3])
    for data in [
      "[[1,2],[3,4],[5,6]]", "[[1,2,3,4,5,6]]", "[[[1],[2],[3]],[[4],[5],[6]]]",
      "[[1,2,3,4],[5,6]]",
    ] {
      #expect(fault(#""shape":[2,3],"datatype":"FP32","data":\#(data)"#) == .wrongNesting(shape))
    }
    #expect(
      error(#"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1,2,3],4,5,6]}]}"#)?
        .status == 400)
  }

  @Test func countsAreChecked() {
    #expect(
      fault(#""shape":[3],"datatype":"FP32","data":[1,2]"#)
        == .wrongElementCount(expected: 3, found: 2))
    #expect(
      fault(#""shape":[1],"datatype":"FP32","data":[1,2]"#)
        == .wrongElementCount(expected: 1, found: nil))
    #expect(
      fault(#""shape":[0],"datatype":"BYTES","data":["a"]"#)
        == .wrongElementCount(expected: 0, found: nil))
    #expect(
      fault(#""shape":[2],"datatype":"BYTES","data":["a"]"#)
        == .wrongElementCount(expected: 2, found: 1))
    // No memory is taken for what cannot be there.
    for type in ["FP32", "BYTES"] {
      #expect(
        fault(#""shape":[1000000000],"datatype":"\#(type)","data":[1]"#)
          == .wrongElementCount(expected: 1_000_000_000, found: nil))
    }
  }

  @Test(arguments: [
    ("INT8", "-129"), ("INT8", "128"), ("UINT8", "-1"), ("UINT8", "256"), ("INT16", "32768"),
    ("UINT16", "65536"), ("INT32", "2147483648"), ("UINT32", "4294967296"),
    ("INT64", "9223372036854775808"), ("INT64", "-9223372036854775809"),
    ("UINT64", "18446744073709551616"), ("UINT64", "99999999999999999999999999"),
    ("FP32", "3.5e38"), ("FP32", "-1e39"), ("FP64", "1e309"), ("FP64", "-1e999999999999999999999"),
  ])
  func numbersBeyondTheTypeAreRefused(_ name: String, _ number: String) throws {
    let type = try #require(ElementType(rawValue: name))
    #expect(
      fault(#""shape":[2],"datatype":"\#(name)","data":[1,\#(number)]"#)
        == .outOfRange(type, index: 1))
  }

  @Test(arguments: [
    ("INT8", "1.0"), ("INT32", "1e2"), ("UINT8", "true"), ("FP32", "true"), ("FP32", "null"),
    ("FP32", "NaN"), ("FP32", "Infinity"), ("FP32", #""1""#), ("FP32", "-"), ("FP32", "+1"),
    ("FP64", ".5"), ("BOOL", "1"), ("BOOL", #""true""#), ("BYTES", "1"), ("BYTES", "null"),
  ])
  func valuesOfAnotherKindAreRefused(_ name: String, _ value: String) throws {
    let type = try #require(ElementType(rawValue: name))
    #expect(
      fault(#""shape":[1],"parameters":{},"datatype":"\#(name)","data":[\#(value)]"#)
        == .notOfType(type, index: 0))
  }

  @Test func sixteenBitFloatsHaveNoJSON() {
    #expect(fault(#""shape":[1],"datatype":"FP16","data":[1]"#) == .noJSONForm(.float16))
    #expect(fault(#""shape":[1],"datatype":"BF16","data":[1]"#) == .noJSONForm(.bfloat16))
  }

  @Test func base64IsDecodedWhereItIsSaid() throws {
    let keys = #""shape":[2],"datatype":"BYTES","data":["/+8=","AA=="]"#
    let plain = try #require(try input(keys).elements)
    #expect(plain[0].array == Array("/+8=".utf8))
    let said = try #require(
      try input(#""parameters":{"content_type":"base64"},\#(keys)"#).elements)
    #expect(said[0].array == [0xFF, 0xEF] && said[1].array == [0])
    for bad in ["A", "AA", "A===", "!!!!", "AA==AA==", "\\u00ff"] {
      #expect(
        fault(
          #""parameters":{"content_type":"base64"},"shape":[1],"datatype":"BYTES","data":["\#(bad)"]"#
        )
          == .badBase64(index: 0))
    }
  }

  // MARK: Shapes and types

  @Test func shapesAreChecked() {
    func shape(_ dimensions: String) -> TensorFault? {
      fault(#""shape":[\#(dimensions)],"datatype":"FP32","data":[]"#)
    }
    #expect(shape("-1") == .negativeDimension(-1))
    #expect(shape("2,-9223372036854775808") == .negativeDimension(.min))
    #expect(shape("4294967296,4294967296") == .tooManyElements)
    #expect(shape("0,4294967296,4294967296,4294967296") == .tooManyElements)
    #expect(shape("9223372036854775807") == .wrongElementCount(expected: .max, found: nil))
    #expect(throws: TensorFault.tooManyDimensions(limit: 64)) {
      try TensorShape([Int](repeating: 1, count: 65))
    }
    for bad in ["1.5", #""1""#, "9223372036854775808", "null", "[1]"] {
      #expect(
        error(#"{"inputs":[{"name":"x","shape":[\#(bad)],"datatype":"FP32","data":[]}]}"#)
          == .wrongKind(key: "shape", expected: "a list of integers"))
    }
    #expect(fault(#""shape":[1],"datatype":"fp32","data":[1]"#) == .unknownType("fp32"))
  }

  @Test func missingKeysAreNamed() {
    #expect(error("{}") == .missing(key: "inputs", place: "the request"))
    #expect(error(#"{"inputs":[]}"#) == .missing(key: "inputs", place: "the request"))
    #expect(error(#"{"inputs":[{}]}"#) == .missing(key: "name", place: "an input"))
    #expect(
      error(#"{"inputs":[{"name":"x","shape":[1]}]}"#)
        == .missing(key: "datatype", place: "input 'x'"))
    #expect(
      error(#"{"inputs":[{"name":"x","datatype":"FP32"}]}"#)
        == .missing(key: "shape", place: "input 'x'"))
    #expect(fault(#""shape":[1],"datatype":"FP32""#) == .noData)
    #expect(fault(#""shape":[1],"datatype":"FP32","data":null"#) == .noData)
    #expect(
      error(#"{"inputs":[{"name":"x","shape":[0],"datatype":"FP32","data":[]}],"outputs":[{}]}"#)
        == .missing(key: "name", place: "an output"))
  }

  // MARK: Binary data

  @Test func binaryDataFollowInTheOrderOfTheInputs() throws {
    let json = #"""
      {"inputs":[{"name":"a","shape":[2],"datatype":"UINT16","parameters":{"binary_data_size":4}},
      {"name":"b","shape":[1],"datatype":"UINT8","data":[9]},
      {"name":"c","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}}]}
      """#
    let request = try read(json, binary: [1, 0, 2, 1, 1, 0, 0, 0, 7, 0, 0, 0, 0])
    #expect(request.inputs[0].values(of: UInt16.self) == [1, 258])
    #expect(request.inputs[1].values(of: UInt8.self) == [9])
    let elements = try #require(request.inputs[2].elements)
    #expect(elements.count == 2 && elements[0].array == [7] && elements[1].array == [])
  }

  @Test func binaryDataAreBounded() {
    let keys = #""shape":[2],"datatype":"UINT8","parameters":{"binary_data_size":2}"#
    #expect(fault(keys) == .tooFewBytes(needed: 2, left: 0))
    #expect(fault(keys, binary: [1]) == .tooFewBytes(needed: 2, left: 1))
    #expect(
      error(#"{"inputs":[{"name":"x",\#(keys)}]}"#, binary: [1, 2, 3]) == .leftoverBytes(1))
    #expect(
      fault(
        #""shape":[2],"datatype":"INT64","parameters":{"binary_data_size":3}"#, binary: [1, 2, 3])
        == .wrongByteCount(expected: 16, found: 3))
    #expect(
      fault(#""shape":[4611686018427387904],"datatype":"FP64","parameters":{"binary_data_size":0}"#)
        == .tooManyElements)
    #expect(fault(#"\#(keys),"data":[1,2]"#, binary: [1, 2]) == .dataTwice)
    for size in ["-1", "1.5", #""2""#, "true", "99999999999999999999"] {
      #expect(
        error(
          #"{"inputs":[{"name":"x","shape":[2],"datatype":"UINT8","parameters":{"binary_data_size":\#(size)}}]}"#
        )?
        .isBadParameter("binary_data_size") == true)
    }
  }

  @Test func lengthsOfElementsAreBounded() {
    func bytes(_ count: Int, _ binary: [UInt8]) -> TensorFault? {
      fault(
        #""shape":[\#(count)],"datatype":"BYTES","parameters":{"binary_data_size":\#(binary.count)}"#,
        binary: binary)
    }
    #expect(bytes(1, [5, 0, 0, 0, 1]) == .truncatedElement(index: 0))
    #expect(bytes(1, [0xFF, 0xFF, 0xFF, 0xFF, 1]) == .truncatedElement(index: 0))
    #expect(bytes(1, [1, 0, 0]) == .wrongElementCount(expected: 1, found: nil))
    #expect(bytes(2, [1, 0, 0, 0, 1, 0, 0, 0]) == .truncatedElement(index: 1))
    #expect(bytes(1, [0, 0, 0, 0, 0, 0, 0, 0]) == .wrongElementCount(expected: 1, found: nil))
    #expect(bytes(2, [4, 0, 0, 0, 0, 0, 0, 0]) == .wrongElementCount(expected: 2, found: 1))
    #expect(
      bytes(1_000_000_000, [0, 0, 0, 0]) == .wrongElementCount(expected: 1_000_000_000, found: nil))
  }

  @Test func theHeadersLengthIsChecked() throws {
    #expect(try InferenceRequest.headerLength("12", bodyLength: 12) == 12)
    #expect(try InferenceRequest.headerLength("0", bodyLength: 0) == 0)
    for text in ["13", "-1", "+1", "", " 1", "1.0", "0x1", "99999999999999999999", "１"] {
      #expect(throws: ProtocolError.badHeaderLength(text, bodyLength: 12)) {
        try InferenceRequest.headerLength(text, bodyLength: 12)
      }
    }
    #expect(throws: ProtocolError.badHeaderLength("3", bodyLength: 2)) {
      try InferenceRequest(body: TensorBytes(copying: [1, 2]), headerLength: 3, defaultID: "")
    }
  }

  // MARK: The body alone

  private func raw(
    _ bytes: [UInt8], _ type: ElementType, _ shape: [Int]
  ) throws -> InferenceRequest {
    try InferenceRequest(
      body: TensorBytes(copying: bytes), headerLength: 0,
      rawInput: TensorDescription(name: "x", type: type, shape: shape), defaultID: "made up")
  }

  @Test func aBodyAloneIsTheInput() throws {
    let image = try raw([1, 2, 3], .bytes, [-1])
    #expect(image.inputs[0].shape.dimensions == [1])
    #expect(image.inputs[0].elements?[0].array == [1, 2, 3])
    #expect(image.prefersBinaryOutputs && image.id == "made up" && image.outputs.isEmpty)
    let numbers = try raw([1, 0, 2, 0, 3, 0, 4, 0], .uint16, [-1, 2])
    #expect(numbers.inputs[0].shape.dimensions == [2, 2])
    #expect(numbers.inputs[0].values(of: UInt16.self) == [1, 2, 3, 4])
    let open = try raw([1, 2, 3, 4], .uint8, [-1, 2, -1])
    #expect(open.inputs[0].shape.dimensions == [1, 2, 2])
  }

  @Test func aBodyThatCannotBeTheInputIsRefused() {
    #expect(throws: ProtocolError.self) { try raw([1, 2, 3], .uint16, [-1, 2]) }
    #expect(throws: ProtocolError.self) { try raw([1, 2, 3], .uint8, [-1, -1, -1]) }
    #expect(throws: ProtocolError.self) { try raw([1, 2, 3], .uint8, [-1, 0]) }
    #expect(throws: ProtocolError.badInput(name: "x", .wrongByteCount(expected: 2, found: 3))) {
      try raw([1, 2, 3], .uint8, [1, 2])
    }
    #expect(throws: ProtocolError.self) { try raw([1, 2, 3], .bytes, [-1, 2]) }
    #expect(throws: ProtocolError.self) {
      try InferenceRequest(body: TensorBytes(copying: [1]), headerLength: 0, defaultID: "")
    }
  }

  // MARK: Names, parameters and outputs

  private static let plain = #""inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]"#

  @Test func anEmptyIDIsMadeUp() throws {
    #expect(try read(#"{"id":"",\#(Self.plain)}"#).id == "made up")
    #expect(try read(#"{"id":null,\#(Self.plain)}"#).id == "made up")
    #expect(try read(#"{"id":"ä\n",\#(Self.plain)}"#).id == "ä\n")
    #expect(error(#"{"id":7,\#(Self.plain)}"#) == .wrongKind(key: "id", expected: "a string"))
  }

  @Test func parametersAreReadByKind() throws {
    let request = try read(
      #"{"parameters":{"a":"s","b":-3,"c":true,"d":0.5,"e":null,"timeout":0,"priority":1},\#(Self.plain)}"#
    )
    #expect(
      request.parameters == [
        "a": .string("s"), "b": .integer(-3), "c": .boolean(true), "d": .number(0.5),
        "timeout": .integer(0), "priority": .integer(1),
      ])
    #expect(request.timeoutMicroseconds == nil && request.priority == 1)
    #expect(try read(#"{"parameters":null,\#(Self.plain)}"#).parameters.isEmpty)
  }

  @Test(arguments: [
    #""triton_x":1"#, #""timeout":-1"#, #""timeout":"5""#, #""timeout":1.5"#, #""priority":-1"#,
    #""max_stages":0"#, #""all_members":1"#, #""binary_data_output":"yes""#, #""x":{}"#, #""x":[]"#,
    #""x":9223372036854775808"#, #""x":1e999"#,
  ])
  func parametersThatCannotBeTakenAreRefused(_ parameter: String) {
    let name = String(parameter.dropFirst().prefix { $0 != "\"" })
    #expect(
      error(#"{"parameters":{\#(parameter)},\#(Self.plain)}"#)?.isBadParameter(name) == true)
  }

  @Test func sharedMemoryIsRefusedAsTritonDoes() {
    let input =
      #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}}]}"#
    #expect(error(input) == .unsupported("shared memory"))
    let output =
      #"{\#(Self.plain),"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}]}"#
    #expect(error(output) == .unsupported("shared memory"))
    #expect(ProtocolError.unsupported("shared memory").status == 501)
  }

  @Test func outputsAreAskedForOnceEach() throws {
    #expect(
      error(#"{\#(Self.plain),"outputs":[{"name":"y"},{"name":"y"}]}"#)
        == .badOutput(name: "y", .repeated))
    #expect(
      error(
        #"{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1]},{"name":"x","shape":[1],"datatype":"INT8","data":[1]}]}"#
      )
        == .badInput(name: "x", .repeated))
    let classes = try read(
      #"{\#(Self.plain),"outputs":[{"name":"y","parameters":{"classification":0,"binary_data":false}}]}"#
    )
    #expect(classes.outputs == [RequestedOutput(name: "y", isBinary: false)])
    for bad in ["-1", "1000001", "true"] {
      #expect(
        error(
          #"{\#(Self.plain),"outputs":[{"name":"y","parameters":{"classification":\#(bad)}}]}"#)?
          .isBadParameter("classification") == true)
    }
    #expect(try read(#"{\#(Self.plain),"outputs":null}"#).outputs.isEmpty)
  }

  // MARK: JSON itself

  @Test func unknownKeysAreSkipped() throws {
    let request = try read(
      #"{"model_name":"m","a":[{"b":[1,-2.5e3,"é\u00e9\"",true,false,null,{}]}],\#(Self.plain)} "#)
    #expect(request.inputs[0].values(of: Int8.self) == [1])
  }

  @Test func keysThatStandTwiceAreRefused() {
    #expect(error(#"{\#(Self.plain),\#(Self.plain)}"#) == .repeatedKey("inputs"))
    #expect(
      error(#"{"inputs":[{"name":"x","n\u0061me":"y"}]}"#) == .repeatedKey("name"))
  }

  @Test func nestingIsLimited() {
    func nested(_ depth: Int) -> String {
      let (open, close) = (
        String(repeating: "[", count: depth), String(repeating: "]", count: depth)
      )
      return #"{"a":\#(open)\#(close),\#(Self.plain)}"#
    }
    #expect(error(nested(99)) == nil)
    #expect(error(nested(100))?.isBadJSON == true)
    #expect(error(String(repeating: "[", count: 1_000_000))?.isBadJSON == true)
    #expect(error(String(repeating: #"{"a":"#, count: 1_000_000))?.isBadJSON == true)
    #expect(
      error(
        #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":\#(String(repeating: "[", count: 1_000_000))"#
      )
        != nil)
  }

  @Test func whatTakesMuchMemoryIsLimited() {
    let ones = [String](repeating: "1", count: 65).joined(separator: ",")
    #expect(
      error(#"{"inputs":[{"name":"x","shape":[\#(ones)]}]}"#)
        == .wrongKind(key: "shape", expected: "a list of at most 64 elements"))
    let outputs = (0...1000).map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
    #expect(
      error(#"{"outputs":[\#(outputs)]}"#)
        == .wrongKind(key: "outputs", expected: "a list of at most 1000 elements"))
    let keys = (0...1000).map { #""\#($0)":1"# }.joined(separator: ",")
    #expect(error("{\(keys)}")?.isBadJSON == true)
    #expect(error(#"{"parameters":{\#(keys)}}"#)?.isBadJSON == true)
  }

  @Test(arguments: [
    "", " ", "[]", "1", "{", #"{"inputs"#, #"{"inputs":"#, #"{"inputs":[}"#, #"{"a":1,}"#, #"{,}"#,
    #"{"a" 1}"#,
    #"{a:1}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":1e}"#, #"{"a":-}"#, #"{"a":tru}"#, #"{"a":nul"#,
    #"{"a":NaN}"#, #"{"a":[1 2]}"#, #"{"a":[1,]}"#, #"{"a":"\x"}"#, #"{"\ud800":1}"#,
    #"{"\udc00":1}"#,
    #"{"\ud800\ud800":1}"#, #"{"\u12":1}"#, #"{"a":"b}"#, "{\"a\":\"\n\"}", #"{"a":"\"#,
    #"{"a":'b'}"#, #"{"a":1}}"#, "{\"a\":1}\u{0}", "\u{FEFF}{}", #"{"a":1}/**/"#,
  ])
  func damagedJSONIsRefused(_ json: String) {
    let error = error(json)
    #expect(error?.isBadJSON == true, "\(json): \(String(describing: error))")
  }

  @Test func whatIsNotUTF8IsRefused() {
    for bytes: [UInt8] in [
      [0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ] {
      let json = Array(#"{"a":""#.utf8) + bytes + Array(#"",\#(Self.plain)}"#.utf8)
      let error = #expect(throws: ProtocolError.self) {
        try InferenceRequest(body: TensorBytes(copying: json), defaultID: "")
      }
      #expect(error?.isBadJSON == true)
    }
  }

  @Test func escapesAreRead() throws {
    let tensor = try input(
      #""shape":[3],"datatype":"BYTES","data":["\"\\\/\b\f\n\r\t","\u0041\u00e4\u65E5","\ud83d\ude00"]"#
    )
    let elements = try #require(tensor.elements)
    #expect(elements[0].array == [0x22, 0x5C, 0x2F, 8, 0x0C, 0x0A, 0x0D, 9])
    #expect(elements[1].array == Array("Aä日".utf8))
    #expect(elements[2].array == Array("\u{1F600}".utf8))
  }

  @Test func messagesNameTheInputAndAreShort() {
    let long = String(repeating: "x", count: 10_000) + "\n"
    let error = ProtocolError.badInput(name: long, .unknownType(long))
    #expect(error.description.count < 400 && !error.description.contains("\n"))
    #expect(error.description.hasPrefix("input 'xxx"))
  }
}

extension ProtocolError {
  fileprivate var isBadJSON: Bool { if case .badJSON = self { true } else { false } }

  fileprivate func isBadParameter(_ name: String) -> Bool {
    if case .badParameter(name, _) = self { status == 400 } else { false }
  }
}
