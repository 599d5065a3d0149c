import Networks
public struct LatencyTable: Sendable { public init() {}; public func latency(of network: Network) throws(NetworkError) -> Double? { nil } }
