import Synchronization
import Testing
import Torch

/// Streams and graphs: where there is a GPU, and what is said where there is none.
@Suite struct CUDATests {
  private static let gpuCount = (try? Runtime.loadCUDA()) ?? 0

  @Test(.enabled(if: gpuCount == 0, "skipped: there is a GPU"))
  func withoutAGPUTheReasonIsTold() {
    let error = #expect(throws: TorchError.self) { _ = try CUDAStream(device: .cuda(0)) }
    #expect(error?.operation == "load_cuda")
    #expect(error?.message.isEmpty == false)
    #expect(throws: TorchError.self) { _ = try CUDAMemory(of: .cuda(0)) }
  }

  /// Three SGD steps of a linear layer with a learning rate that changes, step by step or as one graph.
  private static func weights(isCaptured: Bool) throws -> [Float] {
    let device = Device.cuda(0)
    return try CUDAStream(device: device).run {
      let input = try Tensor((0..<12).map { Float($0) / 7 - 1 }, shape: [4, 3]).moved(to: device)
      let labels = try Tensor([0, 1, 1, 0] as [Int64], shape: [4]).moved(to: device)
      let weight = try Tensor((0..<6).map { Float($0) / 5 }, shape: [2, 3]).moved(to: device)
      let bias = try Tensor.zeros([2], device: device)
      for leaf in [weight, bias] { try leaf.setRequiresGradient() }
      let optimizer = try StochasticGradientDescent(
        [weight, bias], momentum: 0.9, weightDecay: 5e-4, nesterov: true)
      let rate = try Tensor.zeros([], device: device)
      func step() throws {
        try input.linear(weight, bias: bias).crossEntropy(labels).backward()
        try optimizer.step(learningRate: rate)
      }
      // A rate of 0 moves nothing but the momenta, in both ways alike.
      for _ in 0..<3 { try step() }
      let graph = isCaptured ? try CUDAGraph(device: device) { try step() } : nil
      for value in [0.5, 0.25, 0.125] {
        try rate.copy(from: .full([], value))
        if let graph { try graph.replay() } else { try step() }
      }
      return try weight.detached().elements()
    }
  }

  @Test(.enabled(if: gpuCount > 0, "skipped: no NVIDIA GPU, or no CUDA libraries"))
  func aGraphDoesWhatItsOperationsDo() throws {
    let eager = try Self.weights(isCaptured: false)
    let captured = try Self.weights(isCaptured: true)
    #expect(zip(eager, captured).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(try CUDAMemory(of: .cuda(0)).allocated > 0)
  }

  @Test(.enabled(if: gpuCount > 0, "skipped: no NVIDIA GPU, or no CUDA libraries"))
  func threadsCaptureGraphsOfTheirOwn() async throws {
    let results = try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<4 { group.addTask { try Self.weights(isCaptured: true) } }
      return try await group.reduce(into: [[Float]]()) { $0.append($1) }
    }
    #expect(results.count == 4 && Set(results).count == 1)
  }

  @Test func sharedElementsAreThoseOfTheTensor() async throws {
    let shared = try SharedTensor(Tensor([1, 2, 3] as [Float], shape: [3]))
    let sums = try await withThrowingTaskGroup(of: Double.self) { group in
      for _ in 0..<4 { group.addTask { try shared.tensor().sum().scalar() } }
      return try await group.reduce(into: [Double]()) { $0.append($1) }
    }
    #expect(sums == [6, 6, 6, 6])
  }
}
