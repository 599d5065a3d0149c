/// Arguments that make no sense. The program ends with `ExitStatus.misuse` and a hint at the help.
public struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in one sentence.
  public let message: String

  /// - Parameter message: What is wrong with the arguments and what to type, in one sentence without a full stop.
  public init(_ message: String) {
    self.message = message
  }

  /// The message, as it is printed.
  public var description: String { message }
}
