import Files
import Formatting
import Schemas

/// A manifest for Kubernetes: an Indexed Job of workers, and the experiment that they train.
///
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/job, `batch/v1` of Kubernetes 1.34; from 1.33
/// `backoffLimitPerIndex`, from 1.31 `podFailurePolicy` are there without a feature gate.
package struct KubernetesJob: Sendable {
  /// What Kubernetes calls it.
  package let name: String
  private let job: TrainingJob
  private let time: TimeLimit?
  private let cluster: Cluster
  private let experiment: String

  /// What the user says about the cluster.
  package struct Cluster: Hashable, Sendable {
    /// The container's image, with `consort` and `consort-train`; a placeholder where nil.
    package var image: String?
    /// The claim of the volume that all workers share.
    package var claim = "consort-shared"
    /// Where its pods see it.
    package var mount = "/shared"
    /// The namespace; that of `kubectl` where nil.
    package var namespace: String?

    /// Leaves open which image.
    package init() {}
  }

  /// What stands for an image that only the user knows.
  package static let imagePlaceholder = "REGISTRY/consort-train:TAG"
  /// What a ConfigMap holds at most, less its frame.
  private static let mostBytes = 1_000_000

  /// Describes the Job.
  ///
  /// - Parameter time: What the whole Job may take; no limit where nil.
  /// - Throws: `SubmissionError`, or `EncodingError`.
  package init(_ job: TrainingJob, time: TimeLimit?, cluster: Cluster) throws {
    (self.job, self.time, self.cluster) = (job, time, cluster)
    name = try Self.label(job.name, "--name")
    for (option, name) in [
      ("--claim", cluster.claim), ("--namespace", cluster.namespace ?? cluster.claim),
    ]
    where try Self.label(name, option) != name {
      // They are there already, under their own names.
      throw SubmissionError.unfitText(option: option, text: name, expected: DNSLabel.rule)
    }
    try PlainText.check(self.cluster.image ?? Self.imagePlaceholder, "--image")
    try PlainText.check(cluster.mount, "--mount")
    let weights = job.experiment.members.compactMap(\.weights).map { ("weights", $0) }
    for (option, path) in [("--data", job.data), ("--out", job.out)] + weights {
      guard let path else { continue }
      guard path.hasPrefix(cluster.mount + "/"), !path.contains("/../") else {
        throw SubmissionError.notShared(option: option, path: path, mount: cluster.mount)
      }
      try PlainText.check(path, option)
    }
    experiment = try job.experiment.readableJSON()
    guard experiment.utf8.count <= Self.mostBytes else {
      throw SubmissionError.experimentTooLarge(file: job.file, bytes: experiment.utf8.count)
    }
  }

  private static func label(_ text: String, _ option: String) throws(SubmissionError) -> String {
    guard let label = DNSLabel.label(for: text) else {
      throw .unfitText(option: option, text: text, expected: DNSLabel.rule)
    }
    return label
  }

  /// What has to be done to submit the file at `path`.
  package static func submission(of path: String) -> [String] {
    ["kubectl", "apply", "-f", Shell.operand(path)]
  }

  /// What is left for the user to fill in.
  package var placeholders: [String] { cluster.image == nil ? [Self.imagePlaceholder] : [] }

  private static let experimentDirectory = "/experiment"
  /// SIGTERM, and so long after it SIGKILL: time to save.
  private static let graceSeconds = 120
  private static let retries = 3

  /// The manifest.
  package var yaml: String { heading + configuration + "---\n" + specification + template }

  private var heading: String {
    """
    # Written by `consort submit kubernetes`: \(job.workers == 1 ? "1 worker trains" : "\(job.workers) workers train") \(job.experiment.allMembers.count) members into '\(job.out)'.
    # Edit it as you like. Before it: the claim '\(cluster.claim)' of a volume that all nodes may write at once (ReadWriteMany).
    \(placeholders.map { "# Fill in: \($0)\n" }.joined())
    """
  }

  private var metadata: String {
    """
    metadata:
      name: "\(name)"
    \(cluster.namespace.map { "  namespace: \"\($0)\"\n" } ?? "")  labels: {app: consort}

    """
  }

  private var configuration: String {
    let lines = experiment.split(separator: "\n").map { "    \($0)\n" }.joined()
    return """
      apiVersion: v1
      kind: ConfigMap
      \(metadata)data:
        experiment.json: |
      \(lines)
      """
  }

  private var specification: String {
    """
    apiVersion: batch/v1
    kind: Job
    \(metadata)spec:
      completionMode: Indexed
      completions: \(job.workers)
      parallelism: \(job.workers)
    \(time.map { "  # Of the whole Job, its waiting included.\n  activeDeadlineSeconds: \($0.seconds)\n" } ?? "")\
      # A worker is tried again so often after errors that may be over; what the policy ignores does not count.
      backoffLimitPerIndex: \(Self.retries)
      # Only once a pod has ended for good does the next of its index begin.
      podReplacementPolicy: Failed
      # What the statuses mean: consort help. The first rule that fits counts.
      podFailurePolicy:
        rules:
          # The node is drained, preempted or lost.
          - action: Ignore
            onPodConditions:
              - {type: DisruptionTarget, status: "True"}
          # Stopped with all saved; 143 is SIGTERM before there was anything to save.
          - action: Ignore
            onExitCodes: {containerName: worker, operator: In, values: [\(ExitStatus.stopped.rawValue), 143]}
          # Arguments that make no sense are the same for all workers.
          - action: FailJob
            onExitCodes: {containerName: worker, operator: In, values: [\(ExitStatus.misuse.rawValue)]}
          # Would fail again: a bad file, or members that diverge. Other workers go on.
          - action: FailIndex
            onExitCodes: {containerName: worker, operator: In, values: [\(ExitStatus.failed.rawValue), \(ExitStatus.membersFailed.rawValue)]}

    """
  }

  private var template: String {
    let arguments = job.arguments(experiment: Self.experimentDirectory + "/experiment.json")
    return """
        template:
          metadata:
            labels: {app: consort}
          spec:
            # podFailurePolicy takes no other.
            restartPolicy: Never
            terminationGracePeriodSeconds: \(Self.graceSeconds)
            automountServiceAccountToken: false
            securityContext:
              runAsNonRoot: true
              runAsUser: 10001
              fsGroup: 10001
              seccompProfile: {type: RuntimeDefault}
            containers:
              - name: worker
                image: "\(cluster.image ?? Self.imagePlaceholder)"
                args: [\(arguments.map { "\"\($0)\"" }.joined(separator: ", "))]
                env:  # Tells a Job from an earlier one of its name: the workers of one must be alike.
                  - name: CONSORT_JOB_UID
                    valueFrom: {fieldRef: {fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']"}}
                resources:
      \(resources)
                securityContext:
                  allowPrivilegeEscalation: false
                  capabilities: {drop: ["ALL"]}
                volumeMounts:
                  - {name: shared, mountPath: "\(cluster.mount)"}
                  - {name: experiment, mountPath: "\(Self.experimentDirectory)", readOnly: true}
            volumes:
              - name: shared
                persistentVolumeClaim: {claimName: "\(cluster.claim)"}
              - name: experiment
                configMap: {name: "\(name)"}

      """
  }

  private var resources: String {
    let resources = job.resources
    let memory = resources.memory.map { "\($0)Gi" } ?? "4Gi"
    // Of a GPU the limit is the request too.
    let gpus = resources.gpus > 0 ? ", nvidia.com/gpu: \(resources.gpus)" : ""
    return """
                  requests: {cpu: "\(resources.cpus)", memory: \(memory)}
                  limits: {memory: \(memory)\(gpus)}
      """
  }
}
