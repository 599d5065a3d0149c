import Foundation
import Testing

/// How many damaged files were read all the same.
public struct FuzzOutcomes {
  /// How many damaged files each reader is given: 2,000, or what CONSORT_FUZZ_INPUTS says.
  public static let inputCount =
    ProcessInfo.processInfo.environment["CONSORT_FUZZ_INPUTS"].flatMap { Int($0) } ?? 2000

  /// Files that were read.
  public var read = 0
  /// Files that gave an error.
  public var refused = 0

  /// Starts with none.
  public init() {}

  /// Checks that the damage was neither without effect nor the same each time.
  public func check(of count: Int) {
    #expect(read + refused == count)
    #expect(read > count / 200 && refused > count / 20, "\(read) read, \(refused) refused")
    print("\(count) damaged files: \(read) read, \(refused) refused")
  }
}
