import Weights

/// What the names in a pickle stand for. There is no way from a name to code: each of these is a case that the machine knows.
enum PickleGlobal: Hashable, Sendable {
  /// collections.OrderedDict and other types whose objects are read as dictionaries.
  case dictionaryType
  /// torch.Size.
  case sizeType
  /// The type of a storage; nil for bytes without a type.
  case storageType(ElementType?)
  /// The type of elements.
  case elementType(ElementType)
  /// torch.Tensor or torch.nn.Parameter, where they only say what was rebuilt.
  case tensorType
  case rebuildTensor(Rebuilding)
  /// A type or function whose objects are no weights: they are passed over and never made.
  case passedOver

  /// How a tensor comes of its arguments.
  enum Rebuilding: Hashable, Sendable {
    /// _rebuild_tensor, _rebuild_tensor_v2: storage, offset, shape, strides, …
    case fromStorage
    /// _rebuild_tensor_v3: as before, with the type of the elements as the seventh.
    case fromBytes
    /// _rebuild_parameter: a tensor, …
    case parameter
    /// _rebuild_from_type_v2: a function, a type, its arguments, state.
    case fromType
  }

  /// The names that are read without a word.
  init?(module: String, name: String) {
    if let known = Self.rebuilding["\(module).\(name)"] {
      self = .rebuildTensor(known)
    } else if Self.dictionaryTypes.contains("\(module).\(name)") {
      self = .dictionaryType
    } else if Self.tensorTypes.contains("\(module).\(name)") {
      self = .tensorType
    } else if Self.passedOverNames.contains("\(module).\(name)") || module == "numpy.dtypes" {
      self = .passedOver
    } else if module == "torch" || module == "torch.storage" {
      guard let type = Self.torchType(name) else { return nil }
      self = type
    } else {
      return nil
    }
  }

  private static func torchType(_ name: String) -> PickleGlobal? {
    if name == "Size" { return .sizeType }
    if ["UntypedStorage", "_UntypedStorage"].contains(name) { return .storageType(nil) }
    if let element = ElementType.named[name] { return .elementType(element) }
    return storages[name].flatMap { ElementType.named[$0] }.map { .storageType($0) }
  }

  private static let storages = [
    "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "DoubleStorage": "float64", "LongStorage": "int64", "IntStorage": "int32",
    "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128",
  ]

  private static let rebuilding: [String: Rebuilding] = [
    "torch._utils._rebuild_tensor": .fromStorage, "torch._utils._rebuild_tensor_v2": .fromStorage,
    "torch._utils._rebuild_tensor_v3": .fromBytes, "torch._utils._rebuild_parameter": .parameter,
    "torch._utils._rebuild_parameter_with_state": .parameter,
    "torch._tensor._rebuild_from_type_v2": .fromType,
  ]

  private static let dictionaryTypes: Set<String> = [
    "collections.OrderedDict", "collections.defaultdict", "__builtin__.dict", "builtins.dict",
  ]

  private static let tensorTypes: Set<String> = [
    "torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.Parameter",
    "torch.nn.parameter.Buffer",
  ]

  /// What trainings keep beside weights. None of it can hold more than data, and none of it is made.
  private static let passedOverNames: Set<String> = [
    "argparse.Namespace", "types.SimpleNamespace", "collections.Counter", "collections.deque",
    "__builtin__.set", "builtins.set", "__builtin__.frozenset", "builtins.frozenset",
    "__builtin__.list", "builtins.list", "__builtin__.tuple", "builtins.tuple",
    "__builtin__.int", "builtins.int", "__builtin__.float", "builtins.float",
    "__builtin__.complex", "builtins.complex", "__builtin__.bytearray", "builtins.bytearray",
    "__builtin__.slice", "builtins.slice", "__builtin__.range", "builtins.range",
    "_codecs.encode", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath",
    "pathlib.PureWindowsPath", "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
    "datetime.datetime", "datetime.date", "datetime.timedelta", "datetime.timezone",
    "decimal.Decimal", "fractions.Fraction", "uuid.UUID",
    "numpy.ndarray", "numpy.dtype", "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar", "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct", "numpy.core.numeric._frombuffer",
    "numpy._core.numeric._frombuffer", "numpy.float64", "numpy.float32", "numpy.float16",
    "numpy.int64", "numpy.int32", "numpy.bool_",
    "torch.device", "torch.strided", "torch.contiguous_format", "torch.channels_last",
    "torch.serialization._get_layout", "torch.Generator",
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
  ]

  /// Modules of which no file of weights has a name, also where objects of other types are passed over.
  private static let neverModules: Set<String> = [
    "os", "posix", "nt", "sys", "subprocess", "builtins", "__builtin__", "importlib", "runpy",
    "pty",
    "socket", "shutil", "ctypes", "code", "codeop", "pickle", "_pickle", "cPickle", "copyreg",
    "copy_reg", "operator", "_operator", "functools", "types", "marshal", "webbrowser", "timeit",
    "pdb", "bdb", "cProfile", "profile", "doctest", "pip", "asyncio", "multiprocessing",
    "threading", "signal", "tempfile", "urllib", "http", "ftplib", "smtplib", "requests", "inspect",
    "pydoc", "commands", "popen2", "_posixsubprocess", "zipimport", "pkgutil", "ast", "linecache",
    "distutils", "setuptools", "idlelib", "lib2to3", "trace", "torch",
  ]

  /// Whether no choice of the user's makes a file with this name readable.
  static func isNeverRead(module: String) -> Bool {
    let first = module.split(separator: ".", omittingEmptySubsequences: false).first ?? ""
    return neverModules.contains(String(first))
  }
}

extension ElementType {
  /// By PyTorch's names.
  static let named: [String: ElementType] = {
    let types: [(String, Int, TensorDataType?)] = [
      ("float32", 4, .float32), ("float16", 2, .float16), ("bfloat16", 2, .bfloat16),
      ("float64", 8, .float64), ("int64", 8, .int64), ("int32", 4, .int32), ("int16", 2, .int16),
      ("int8", 1, .int8), ("uint8", 1, .uint8), ("uint16", 2, .uint16), ("uint32", 4, .uint32),
      ("uint64", 8, .uint64), ("bool", 1, .boolean), ("float8_e4m3fn", 1, .float8E4M3),
      ("float8_e5m2", 1, .float8E5M2), ("complex32", 4, nil), ("complex64", 8, nil),
      ("complex128", 16, nil),
    ]
    return Dictionary(
      uniqueKeysWithValues: types.map {
        ($0.0, ElementType(name: $0.0, byteCount: $0.1, dataType: $0.2))
      })
  }()
}
