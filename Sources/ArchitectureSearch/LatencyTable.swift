import Networks
public struct LatencyTable: Sendable { public func latency(of network: Network) throws(NetworkError) -> Double? { nil } }
