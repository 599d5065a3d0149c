extension FoldHits {
  /// What a search counted on the folds of its images.
  init(of search: EnsembleSearch, in parts: HoldOutParts) {
    self.init(hits: search.foldHits, images: parts.folds.map(\.count))
  }
}
