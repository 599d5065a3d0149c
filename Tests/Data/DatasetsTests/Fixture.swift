import Foundation
import Testing

@testable import Datasets

/// A file of `Fixtures/`, made by `make_fixtures.py` there.
enum Fixture {
  static func path(_ name: String) throws -> String {
    try #require(
      Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Fixtures")
    ).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The width and height of the image `name`.
  static func size(_ name: String) throws -> (width: Int, height: Int) {
    let sizes = try JSONDecoder().decode(
      [String: [Int]].self, from: Data(contentsOf: URL(fileURLWithPath: path("sizes.json"))))
    let size = try #require(sizes[name])
    return (size[0], size[1])
  }
}

/// The largest difference of two byte arrays, or nothing where their lengths differ.
func largestDifference(_ first: [UInt8], _ second: [UInt8]) -> Int? {
  guard first.count == second.count else { return nil }
  return zip(first, second).map { abs(Int($0) - Int($1)) }.max()
}

extension DecodedPixels {
  /// All pixels, `[height, width, 3]`.
  var rgb: [UInt8] {
    (0..<area.height).flatMap { row in
      (0..<area.width).flatMap { column in
        let pixel = bytes + row * bytesPerRow + column * ImageDecoder.bytesPerPixel
        return [pixel[0], pixel[1], pixel[2]]
      }
    }
  }
}
