import Foundation
import Randomness
import TestSupport
import Testing

@testable import Serving

/// Numbers of JSON, bit for bit as Foundation's decoder has them.
@Suite struct NumberScanningTests {
  /// What the scanner reads; the bytes outlive it.
  private func value<Value>(_ text: String, _ value: (DecimalNumber) -> Value?) -> Value? {
    var index = 0
    return Array(text.utf8).withUnsafeBufferPointer { bytes in
      DecimalNumber(scanning: bytes, from: &index).flatMap {
        index == bytes.count ? value($0) : nil
      }
    }
  }

  /// Expects what `strtof`, `strtod` and Foundation's decoder read; the last refuses numbers that come near the ends of the range.
  private func expectExact(
    _ texts: [String], atLeastDecoded least: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var decoded = 0
    for text in texts {
      let (float, double) = (value(text, \.float), value(text, \.double))
      #expect(
        float?.bitPattern == Float(text)?.bitPattern, "\(text)", sourceLocation: sourceLocation)
      #expect(
        double?.bitPattern == Double(text)?.bitPattern, "\(text)", sourceLocation: sourceLocation)
      let json = Data("[\(text)]".utf8)
      guard let floats = try? JSONDecoder().decode([Float].self, from: json),
        let doubles = try? JSONDecoder().decode([Double].self, from: json)
      else { continue }
      decoded += 1
      #expect(float?.bitPattern == floats[0].bitPattern, "\(text)", sourceLocation: sourceLocation)
      #expect(
        double?.bitPattern == doubles[0].bitPattern, "\(text)", sourceLocation: sourceLocation)
    }
    #expect(decoded >= least, sourceLocation: sourceLocation)
  }

  @Test func numbersBesideTheMiddleBetweenTwoFloats() {
    var texts = [
      "0", "-0", "0.0", "-0e5", "0e999999", "1", "-1", "0.1", "1e22", "1e23", "9007199254740993",
    ]
    var random = RandomStream(seed: 5)
    for _ in 0..<2000 {
      let bits = UInt32(random.integer(below: 0x7F00_0000 - 0x0100_0000) + 0x0080_0000)
      let (low, high) = (Float(bitPattern: bits), Float(bitPattern: bits + 1))
      // Exact in a double, and so its digits are.
      let middle = (Double(low) + Double(high)) / 2
      guard middle.magnitude > 1e-30, middle.magnitude < 1e30 else { continue }
      texts += ["\(middle)", "\(middle.nextUp)", "\(middle.nextDown)", "-\(middle)"]
      // A digit far behind decides.
      let digits = "\(middle)".split(separator: "e")
      let (first, power) = (String(digits[0]), digits.count > 1 ? "e\(digits[1])" : "")
      texts += [first + "0000000000000000000000001" + power]
    }
    expectExact(texts, atLeastDecoded: 9 * texts.count / 10)
  }

  @Test func numbersAtTheEndsOfTheRange() {
    let texts = [
      "1.17549435e-38", "1.1754943e-38", "1.17549428e-38", "1e-45", "7.006492321624085e-46",
      "7.006492321624086e-46", "1e-46", "3.4028234e38", "3.40282346638528859811704183484516925e38",
      "340282356779733661637539395458142568447", "5e-44", "1.401298464324817e-45",
    ]
    expectExact(texts, atLeastDecoded: 4)
    #expect(value("340282356779733661637539395458142568448", \.float) == nil)
    #expect(value("3.4028236e38", \.float) == nil && value("1.8e308", \.double) == nil)
    #expect(value("4.9e-324", \.double) == .leastNonzeroMagnitude && value("1e-999", \.double) == 0)
    #expect(value("1e-99999999999999999999999", \.float) == 0)
    #expect(value("1e99999999999999999999999", \.float) == nil)
    #expect(value("0e99999999999999999999999", \.float) == 0)
  }

  @Test func randomNumbers() {
    var random = RandomStream(seed: 6)
    var texts: [String] = []
    for _ in 0..<20_000 {
      func digits(_ most: Int) -> String {
        (0..<1 + random.integer(below: most)).map { _ in "\(random.integer(below: 10))" }.joined()
      }
      let whole =
        random.integer(below: 2) == 0 ? "0" : "\(1 + random.integer(below: 9))\(digits(20))"
      let fraction = random.integer(below: 4) == 0 ? "" : ".\(digits(25))"
      let power =
        random.integer(below: 3) > 0 ? "" : ["e", "E+", "e-"][random.integer(below: 3)] + digits(1)
      let number = (random.integer(below: 2) == 0 ? "-" : "") + whole + fraction + power
      if Float(number)?.isFinite == true { texts.append(number) }
    }
    #expect(texts.count > 10_000)
    expectExact(texts, atLeastDecoded: 9 * texts.count / 10)
  }

  @Test func floatsOfEverySizeComeBack() {
    var random = RandomStream(seed: 7)
    for _ in 0..<20_000 {
      let bits = UInt32(random.integer(below: 1 << 32))
      let float = Float(bitPattern: bits)
      guard float.isFinite else { continue }
      // As Swift writes it, and as Python's `tolist` has it, with a double's digits.
      #expect(value("\(float)", \.float)?.bitPattern == bits)
      #expect(value("\(Double(float))", \.float)?.bitPattern == bits)
    }
  }

  @Test func doublesOfEverySizeComeBack() {
    var random = RandomStream(seed: 8)
    for _ in 0..<20_000 {
      let bits =
        UInt64(random.integer(below: 1 << 32)) << 32 | UInt64(random.integer(below: 1 << 32))
      let double = Double(bitPattern: bits)
      guard double.isFinite else { continue }
      #expect(value("\(double)", \.double)?.bitPattern == bits)
    }
  }

  @Test func integersAreExact() {
    #expect(value("9223372036854775807") { $0.integer(as: Int64.self) } == .max)
    #expect(value("-9223372036854775808") { $0.integer(as: Int64.self) } == .min)
    #expect(value("18446744073709551615") { $0.integer(as: UInt64.self) } == .max)
    #expect(value("18446744073709551616") { $0.integer(as: UInt64.self) } == nil)
    #expect(value("-0") { $0.integer(as: UInt8.self) } == 0)
    #expect(value("-1") { $0.integer(as: UInt8.self) } == nil)
    #expect(value("1.0") { $0.integer(as: Int.self) } == nil)
    #expect(value("1e0") { $0.integer(as: Int.self) } == nil)
  }

  @Test(arguments: [
    "", "-", "+1", ".1", "1.", "01", "-01", "1e", "1e+", "1.e1", "1 ", "0x1", "１", "e1", "--1",
  ])
  func whatIsNoNumberIsRefused(_ text: String) {
    #expect(value(text, \.double) == nil)
  }

  /// An image of ImageNet's size, as clients send it.
  @Test func aWholeImageIsExact() throws {
    var random = RandomStream(seed: 9)
    let values = (0..<3 * 224 * 224).map { _ in
      Float(random.integer(below: 1 << 24)) / 4_000_000 - 2
    }
    let json = "[\(values.map { "\(Double($0))" }.joined(separator: ","))]"
    let body = #"{"inputs":[{"name":"x","shape":[1,3,224,224],"datatype":"FP32","data":\#(json)}]}"#
    let request = try InferenceRequest(body: TensorBytes(copying: body.utf8), defaultID: "")
    #expect(request.inputs[0].values(of: Float.self) == values)
    #expect(try JSONDecoder().decode([Float].self, from: Data(json.utf8)) == values)
  }
}
