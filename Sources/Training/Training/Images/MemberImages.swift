import Concurrency
import Datasets
import Networks
import Runs
import Torch

/// What one member is trained and judged on.
package struct MemberImages {
  package let training: any BatchSource
  /// The same batches from their beginning, once more.
  let trainingAnew: () -> any BatchSource
  /// Images of one epoch.
  package let trainingCount: Int
  /// nil where nothing is held out.
  package var holdOut: EvaluationImages?
  package let test: EvaluationImages

  /// Images that lie on the device.
  init(
    _ splits: ResidentSplits.Tensors, _ partition: DataPartition, of experiment: Experiment,
    member: Int
  ) {
    trainingAnew = {
      ResidentBatches(splits.training, partition.training, of: experiment, member: member)
    }
    training = trainingAnew()
    trainingCount = partition.training.count
    (holdOut, test) = (splits.holdOut, splits.test)
  }

  /// Images that are decoded as they are needed, to the network's size.
  package init(
    _ dataset: EncodedDataset, _ partition: DataPartition, of experiment: Experiment, member: Int,
    input: ImageShape, resizing: Preprocessing.Resizing, _ decoding: StreamedImages.Decoding
  ) {
    func streamed(_ split: EncodedSplit) -> StreamedImages {
      StreamedImages(split: split, height: input.height, width: input.width, decoding: decoding)
    }
    func evaluated(_ split: EncodedSplit, _ indices: [Int]) -> EvaluationImages {
      .streamed(
        .init(images: streamed(split), indices: indices, resizing: resizing))
    }
    trainingAnew = {
      StreamedBatches(
        streamed(dataset.train), partition.training, of: experiment, member: member)
    }
    training = trainingAnew()
    trainingCount = partition.training.count
    holdOut = partition.holdOut.isEmpty ? nil : evaluated(dataset.train, partition.holdOut)
    test = evaluated(dataset.test, Array(0..<dataset.test.count))
  }
}

/// All images of a run on one device, once for all workers.
struct ResidentSplits: Sendable {
  private let training: ImageTensors.Resident
  private let holdOut: (resident: ImageTensors.Resident, fingerprint: String)?
  private let test: (resident: ImageTensors.Resident, fingerprint: String)

  init(_ dataset: ImageDataset, _ partition: DataPartition, device: Device) throws {
    func resident(_ split: ImageSplit) throws -> (ImageTensors.Resident, String) {
      (try ImageTensors.Resident(split, device: device), split.fingerprint)
    }
    training = try ImageTensors.Resident(dataset.train, device: device)
    holdOut =
      partition.holdOut.isEmpty ? nil : try resident(dataset.train.subset(partition.holdOut))
    test = try resident(dataset.test)
  }

  /// One worker's tensors.
  struct Tensors {
    let training: ImageTensors
    let holdOut: EvaluationImages?
    let test: EvaluationImages

    init(_ splits: ResidentSplits) throws {
      func evaluated(_ split: (resident: ImageTensors.Resident, fingerprint: String)) throws
        -> EvaluationImages
      {
        .resident(try ImageTensors(split.resident), fingerprint: split.fingerprint)
      }
      training = try ImageTensors(splits.training)
      holdOut = try splits.holdOut.map(evaluated)
      test = try evaluated(splits.test)
    }
  }
}

/// The images of a run on one device, once for all workers.
package struct DeviceImages: Sendable {
  package let device: Device
  fileprivate let source: Source

  fileprivate enum Source: Sendable {
    case resident(ResidentSplits)
    case streamed(EncodedDataset)
  }

  /// Puts the images on the device; those that are streamed stay files.
  ///
  /// - Throws: `TorchError` where the device has no room for them.
  package init(_ images: RunImages, _ partition: DataPartition, device: Device) throws {
    self.device = device
    switch images {
    case .resident(let dataset):
      source = .resident(try ResidentSplits(dataset, partition, device: device))
    case .streamed(let dataset): source = .streamed(dataset)
    }
  }
}

/// The images of a run as one worker uses them.
package struct WorkerImages {
  package let device: Device
  let source: Source

  enum Source {
    case resident(ResidentSplits.Tensors)
    case streamed(EncodedDataset)
  }

  /// Takes the images for the calling thread.
  ///
  /// - Throws: `TorchError` where the tensors cannot be shared.
  package init(_ images: DeviceImages) throws {
    device = images.device
    switch images.source {
    case .resident(let splits): source = .resident(try ResidentSplits.Tensors(splits))
    case .streamed(let dataset): source = .streamed(dataset)
    }
  }
}

extension WorkerImages {
  /// The images of one member.
  ///
  /// - Parameters:
  ///   - resizing: How images that are only looked at come to the network's size.
  ///   - decoding: How images are decoded, where they are as they are needed.
  package func memberImages(
    of member: Experiment.Member, _ network: Network, in experiment: Experiment,
    _ partition: DataPartition, resizing: Preprocessing.Resizing,
    _ decoding: StreamedImages.Decoding
  ) -> MemberImages {
    switch source {
    case .resident(let splits):
      MemberImages(splits, partition, of: experiment, member: member.index)
    case .streamed(let dataset):
      MemberImages(
        dataset, partition, of: experiment, member: member.index, input: network.input,
        resizing: resizing, decoding)
    }
  }
}

extension DeviceImages {
  /// Takes items from a queue and carries out `task` for each on the calling thread, until none is left, the task
  /// returns false, or it throws, which ends all work.
  package func work<Item>(
    on queue: WorkQueue<Item>, threads: Int,
    _ task: (Item, WorkerImages, WorkQueue<Item>) throws -> Bool
  ) {
    do {
      // The number of threads belongs to the calling thread, and tensors stay on it.
      try Runtime.setThreads(threads)
      let images = try WorkerImages(self)
      func carryOut() throws {
        while let item = try queue.next() {
          guard try task(item, images, queue) else { return }
        }
      }
      guard case .cuda = device else { return try carryOut() }
      try CUDAStream(device: device).run(carryOut)
    } catch {
      queue.fail(error)
    }
  }
}
