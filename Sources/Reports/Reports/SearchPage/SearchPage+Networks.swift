import Formatting

extension SearchPage {
  /// The networks that each setting found, as pictures.
  var networksSection: PageFrame.Section? {
    let settings = content.settings.filter { !$0.networks.isEmpty }
    guard !settings.isEmpty else { return nil }
    let networks = settings.flatMap(\.networks).map(\.network)
    let widest = networks.map { NetworkSketch($0).widest }.max() ?? 1
    let parts = settings.map { setting -> HTML in
      let pictures = setting.networks.map { picture($0, widest: widest) }
      return """
        <h3>\(SearchText.title(setting.setting))</h3>
        <div class="founds">
        \(pictures.joined())</div>

        """
    }
    return PageFrame.Section(
      id: "networks", title: "What was found",
      body: """
        <p class="small">A bar is a convolution, as high as the root of its channels: grey 1 × 1, blue \
        3 × 3, orange larger; hollow where it takes each channel by itself, with a dot where \
        squeeze-and-excitation follows. Arcs are skips, dashed through a convolution of 1 × 1. Below: the \
        size of the map. Point at a bar for its figures.</p>
        \(parts.joined())
        """)
  }

  private func picture(_ found: SearchContent.FoundNetwork, widest: Int) -> HTML {
    let name = found.network.name
    let multiplyAccumulates = NumberFormat.scaled(found.network.totals.multiplyAccumulates)
    let sketch = NetworkSketch(found.network).svg(
      label: "Layers of \(name)", widest: widest)
    return """
      <div class="found">
      <p><b>\(found.count > 1 ? "\(found.count) × " : "")\(name)</b> \
      <span class="small">\(multiplyAccumulates) MACs, \
      <a href="\(networksPath)/\(name).json" aria-label="\(name) as JSON">JSON</a></span></p>
      <div class="strip" tabindex="0" role="region" aria-label="Picture of \(name)">\(sketch)</div>
      <p class="small">\(found.choices.joined(separator: "; "))</p>
      </div>

      """
  }
}
