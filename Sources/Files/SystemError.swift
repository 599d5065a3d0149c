#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system's words for the current `errno`, such as "No space left on device".
func systemErrorReason(_ code: Int32 = errno) -> String {
  String(cString: strerror(code))
}
