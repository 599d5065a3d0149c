import Files

/// An InferenceService of KServe that serves an ensemble: by `consort serve` in a container, or by Triton.
///
/// Source: https://kserve.github.io/website, `serving.kserve.io/v1beta1`: a predictor is a container of one's own, called
/// "kserve-container", which finds the files of `STORAGE_URI` in /mnt/models; or a model for a runtime of the cluster.
package struct KServeManifest {
  /// What serves it.
  package enum Runtime: String, CaseIterable, Sendable {
    case consort, triton
  }

  /// What it is called in Kubernetes.
  package let name: String
  private let runtime: Runtime
  private let image, storage: String
  private let summary: String

  /// What stands for a place that only the user knows.
  package static let imagePlaceholder = "REGISTRY/consort:TAG"
  /// Likewise, of the files.
  package static let storagePlaceholder = "s3://BUCKET/PATH"

  /// Describes the service of an ensemble.
  ///
  /// - Parameters:
  ///   - image: The container's, which the repository's Dockerfile makes; a placeholder where nil.
  ///   - storage: Where the directory, or for Triton its model repository, is; a placeholder where nil.
  /// - Throws: `DeploymentError.unfitName` where a text is none for Kubernetes or YAML.
  package init(
    of ensemble: EnsembleDirectory, name: DeployedName, runtime: Runtime, image: String?,
    storage: String?
  ) throws(DeploymentError) {
    self.name = try name.serviceName()
    self.runtime = runtime
    self.image = image ?? Self.imagePlaceholder
    self.storage = storage ?? Self.storagePlaceholder
    summary = ensemble.manifest.summary
    for text in [self.image, self.storage] {
      let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }
      guard isPlain, !text.isEmpty else {
        throw .unfitName(text, expected: "printable ASCII without spaces, quotes and backslashes")
      }
    }
  }

  /// What is left for the user to fill in.
  package var placeholders: [String] {
    let all = runtime == .consort ? [image, storage] : [storage]
    return all.filter { [Self.imagePlaceholder, Self.storagePlaceholder].contains($0) }
  }

  /// The manifest.
  package var yaml: String {
    """
    # Written by `consort export --format kserve`: \(summary).
    \(placeholders.map { "# Fill in: \($0)\n" }.joined())apiVersion: serving.kserve.io/v1beta1
    kind: InferenceService
    metadata:
      name: "\(name)"
    spec:
      predictor:
        minReplicas: 1
    \(runtime == .consort ? container : model)
    """
  }

  /// The port, and Kubernetes' probes, are those of docs/serving.md.
  private var container: String {
    """
        containers:
          - name: kserve-container
            image: "\(image)"
            args: ["serve", "\(name)=/mnt/models", "--host", "0.0.0.0", "--port", "8080"]
            env:
              - name: STORAGE_URI
                value: "\(storage)"
            ports:
              - containerPort: 8080
                protocol: TCP
            readinessProbe:
              httpGet: {path: /v2/health/ready, port: 8080}
              periodSeconds: 2
              failureThreshold: 1
            livenessProbe:
              httpGet: {path: /v2/health/live, port: 8080}
            resources:
              requests: {cpu: "1", memory: 1Gi}
              limits: {cpu: "2", memory: 2Gi}
            securityContext:
              allowPrivilegeEscalation: false
              runAsNonRoot: true
              capabilities: {drop: ["ALL"]}

    """
  }

  private var model: String {
    """
        model:
          modelFormat: {name: triton}
          protocolVersion: v2
          storageUri: "\(storage)"
          resources:
            requests: {cpu: "1", memory: 1Gi}
            limits: {cpu: "2", memory: 2Gi}

    """
  }
}
