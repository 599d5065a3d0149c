#if os(Linux)
  /// File systems that only their own processes see.
  public enum PrivateMounts {
    /// What makes a place for them; nil where the system permits none.
    public static let command: [String]? = ["-m", "-rm"].map { ["/usr/bin/unshare", $0] }
      .first { words in
        let run = try? Consort(
          Array(words.dropFirst()) + ["mount", "-t", "tmpfs", "tmpfs", "/mnt"], program: words[0])
        return run?.status == 0
      }
  }
#endif
