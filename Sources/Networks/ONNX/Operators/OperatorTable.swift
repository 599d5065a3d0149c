// Made by scripts/make-onnx-operators with onnx 1.23.2.

/// ONNX's own operators that models of images may have.
enum OperatorTable {
  /// The newest set of operators that is known here.
  static let newestOperatorSet = 28
  /// The newest version of the file format.
  static let newestFormat = 14
  /// A line an operator and version: its name, the operator set that brought it, the fewest and most inputs, the fewest
  /// and most outputs, and the attributes with the letter of their type, and "!" where they must be there. With nothing
  /// but the name and the set, that set took the operator away.
  static let text = """
    Abs 1 1 1 1 1 consumed_inputs:I
    Abs 6 1 1 1 1
    Abs 13 1 1 1 1
    Acos 7 1 1 1 1
    Acos 22 1 1 1 1
    Acosh 9 1 1 1 1
    Acosh 22 1 1 1 1
    Add 1 2 2 1 1 axis:i broadcast:i consumed_inputs:I
    Add 6 2 2 1 1 axis:i broadcast:i
    Add 7 2 2 1 1
    Add 13 2 2 1 1
    Add 14 2 2 1 1
    And 1 2 2 1 1 axis:i broadcast:i
    And 7 2 2 1 1
    ArgMax 1 1 1 1 1 axis:i keepdims:i
    ArgMax 11 1 1 1 1 axis:i keepdims:i
    ArgMax 12 1 1 1 1 axis:i keepdims:i select_last_index:i
    ArgMax 13 1 1 1 1 axis:i keepdims:i select_last_index:i
    ArgMin 1 1 1 1 1 axis:i keepdims:i
    ArgMin 11 1 1 1 1 axis:i keepdims:i
    ArgMin 12 1 1 1 1 axis:i keepdims:i select_last_index:i
    ArgMin 13 1 1 1 1 axis:i keepdims:i select_last_index:i
    Asin 7 1 1 1 1
    Asin 22 1 1 1 1
    Asinh 9 1 1 1 1
    Asinh 22 1 1 1 1
    Atan 7 1 1 1 1
    Atan 22 1 1 1 1
    Atanh 9 1 1 1 1
    Atanh 22 1 1 1 1
    AveragePool 1 1 1 1 1 auto_pad:s kernel_shape:I! pads:I strides:I
    AveragePool 7 1 1 1 1 auto_pad:s count_include_pad:i kernel_shape:I! pads:I strides:I
    AveragePool 10 1 1 1 1 auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:I! pads:I strides:I
    AveragePool 11 1 1 1 1 auto_pad:s ceil_mode:i count_include_pad:i kernel_shape:I! pads:I strides:I
    AveragePool 19 1 1 1 1 auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I! pads:I strides:I
    AveragePool 22 1 1 1 1 auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I! pads:I strides:I
    BatchNormalization 1 5 5 1 5 consumed_inputs:I! epsilon:f is_test:i momentum:f spatial:i
    BatchNormalization 6 5 5 1 5 epsilon:f is_test:i momentum:f spatial:i
    BatchNormalization 7 5 5 1 5 epsilon:f momentum:f spatial:i
    BatchNormalization 9 5 5 1 5 epsilon:f momentum:f
    BatchNormalization 14 5 5 1 3 epsilon:f momentum:f training_mode:i
    BatchNormalization 15 5 5 1 3 epsilon:f momentum:f training_mode:i
    BitShift 11 2 2 1 1 direction:s!
    BitShift 28 2 2 1 1 direction:s!
    BitwiseAnd 18 2 2 1 1
    BitwiseNot 18 1 1 1 1
    BitwiseOr 18 2 2 1 1
    BitwiseXor 18 2 2 1 1
    Cast 1 1 1 1 1 to:s!
    Cast 6 1 1 1 1 to:i!
    Cast 9 1 1 1 1 to:i!
    Cast 13 1 1 1 1 to:i!
    Cast 19 1 1 1 1 saturate:i to:i!
    Cast 21 1 1 1 1 saturate:i to:i!
    Cast 23 1 1 1 1 saturate:i to:i!
    Cast 24 1 1 1 1 round_mode:s saturate:i to:i!
    Cast 25 1 1 1 1 round_mode:s saturate:i to:i!
    Cast 28 1 1 1 1 round_mode:s saturate:i to:i!
    CastLike 15 2 2 1 1
    CastLike 19 2 2 1 1 saturate:i
    CastLike 21 2 2 1 1 saturate:i
    CastLike 23 2 2 1 1 saturate:i
    CastLike 24 2 2 1 1 round_mode:s saturate:i
    CastLike 25 2 2 1 1 round_mode:s saturate:i
    Ceil 1 1 1 1 1 consumed_inputs:I
    Ceil 6 1 1 1 1
    Ceil 13 1 1 1 1
    Celu 12 1 1 1 1 alpha:f
    Celu 28 1 1 1 1 alpha:f
    CenterCropPad 18 2 2 1 1 axes:I
    Clip 1 1 1 1 1 consumed_inputs:I max:f min:f
    Clip 6 1 1 1 1 max:f min:f
    Clip 11 1 3 1 1
    Clip 12 1 3 1 1
    Clip 13 1 3 1 1
    Concat 1 1 2147483647 1 1 axis:i
    Concat 4 1 2147483647 1 1 axis:i!
    Concat 11 1 2147483647 1 1 axis:i!
    Concat 13 1 2147483647 1 1 axis:i!
    Constant 1 0 0 1 1 value:t!
    Constant 9 0 0 1 1 value:t!
    Constant 11 0 0 1 1 value:t
    Constant 12 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    Constant 13 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    Constant 19 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    Constant 21 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    Constant 23 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    Constant 24 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    Constant 25 0 0 1 1 value:t value_float:f value_floats:F value_int:i value_ints:I value_string:s value_strings:S
    ConstantOfShape 9 1 1 1 1 value:t
    ConstantOfShape 20 1 1 1 1 value:t
    ConstantOfShape 21 1 1 1 1 value:t
    ConstantOfShape 23 1 1 1 1 value:t
    ConstantOfShape 24 1 1 1 1 value:t
    ConstantOfShape 25 1 1 1 1 value:t
    Conv 1 2 3 1 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I
    Conv 11 2 3 1 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I
    Conv 22 2 3 1 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I
    ConvInteger 10 2 4 1 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I
    ConvTranspose 1 2 3 1 1 auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I strides:I
    ConvTranspose 11 2 3 1 1 auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I strides:I
    ConvTranspose 22 2 3 1 1 auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I strides:I
    Cos 7 1 1 1 1
    Cos 22 1 1 1 1
    Cosh 9 1 1 1 1
    Cosh 22 1 1 1 1
    CumProd 26 2 2 1 1 exclusive:i reverse:i
    CumSum 11 2 2 1 1 exclusive:i reverse:i
    CumSum 14 2 2 1 1 exclusive:i reverse:i
    DepthToSpace 1 1 1 1 1 blocksize:i!
    DepthToSpace 11 1 1 1 1 blocksize:i! mode:s
    DepthToSpace 13 1 1 1 1 blocksize:i! mode:s
    DepthToSpace 28 1 1 1 1 blocksize:i! mode:s
    DequantizeLinear 10 2 3 1 1
    DequantizeLinear 13 2 3 1 1 axis:i
    DequantizeLinear 19 2 3 1 1 axis:i
    DequantizeLinear 21 2 3 1 1 axis:i block_size:i
    DequantizeLinear 23 2 3 1 1 axis:i block_size:i output_dtype:i
    DequantizeLinear 24 2 3 1 1 axis:i block_size:i output_dtype:i
    DequantizeLinear 25 2 3 1 1 axis:i block_size:i output_dtype:i
    DequantizeLinear 28 2 3 1 1 axis:i block_size:i output_dtype:i
    Div 1 2 2 1 1 axis:i broadcast:i consumed_inputs:I
    Div 6 2 2 1 1 axis:i broadcast:i
    Div 7 2 2 1 1
    Div 13 2 2 1 1
    Div 14 2 2 1 1
    Dropout 1 1 1 1 2 consumed_inputs:I is_test:i ratio:f
    Dropout 6 1 1 1 2 is_test:i ratio:f
    Dropout 7 1 1 1 2 ratio:f
    Dropout 10 1 1 1 2 ratio:f
    Dropout 12 1 3 1 2 seed:i
    Dropout 13 1 3 1 2 seed:i
    Dropout 22 1 3 1 2 seed:i
    DynamicQuantizeLinear 11 1 1 3 3
    Einsum 12 1 2147483647 1 1 equation:s!
    Einsum 28 1 2147483647 1 1 equation:s!
    Elu 1 1 1 1 1 alpha:f consumed_inputs:I
    Elu 6 1 1 1 1 alpha:f
    Elu 22 1 1 1 1 alpha:f
    Equal 1 2 2 1 1 axis:i broadcast:i
    Equal 7 2 2 1 1
    Equal 11 2 2 1 1
    Equal 13 2 2 1 1
    Equal 19 2 2 1 1
    Erf 9 1 1 1 1
    Erf 13 1 1 1 1
    Exp 1 1 1 1 1 consumed_inputs:I
    Exp 6 1 1 1 1
    Exp 13 1 1 1 1
    Expand 8 2 2 1 1
    Expand 13 2 2 1 1
    EyeLike 9 1 1 1 1 dtype:i k:i
    EyeLike 22 1 1 1 1 dtype:i k:i
    Flatten 1 1 1 1 1 axis:i
    Flatten 9 1 1 1 1 axis:i
    Flatten 11 1 1 1 1 axis:i
    Flatten 13 1 1 1 1 axis:i
    Flatten 21 1 1 1 1 axis:i
    Flatten 23 1 1 1 1 axis:i
    Flatten 24 1 1 1 1 axis:i
    Flatten 25 1 1 1 1 axis:i
    Floor 1 1 1 1 1 consumed_inputs:I
    Floor 6 1 1 1 1
    Floor 13 1 1 1 1
    Gather 1 2 2 1 1 axis:i
    Gather 11 2 2 1 1 axis:i
    Gather 13 2 2 1 1 axis:i
    GatherElements 11 2 2 1 1 axis:i
    GatherElements 13 2 2 1 1 axis:i
    GatherND 11 2 2 1 1
    GatherND 12 2 2 1 1 batch_dims:i
    GatherND 13 2 2 1 1 batch_dims:i
    Gelu 20 1 1 1 1 approximate:s
    Gemm 1 3 3 1 1 alpha:f beta:f broadcast:i transA:i transB:i
    Gemm 6 3 3 1 1 alpha:f beta:f broadcast:i transA:i transB:i
    Gemm 7 3 3 1 1 alpha:f beta:f transA:i transB:i
    Gemm 9 3 3 1 1 alpha:f beta:f transA:i transB:i
    Gemm 11 2 3 1 1 alpha:f beta:f transA:i transB:i
    Gemm 13 2 3 1 1 alpha:f beta:f transA:i transB:i
    GlobalAveragePool 1 1 1 1 1
    GlobalAveragePool 22 1 1 1 1
    GlobalLpPool 1 1 1 1 1 p:f
    GlobalLpPool 2 1 1 1 1 p:i
    GlobalLpPool 22 1 1 1 1 p:i
    GlobalMaxPool 1 1 1 1 1
    GlobalMaxPool 22 1 1 1 1
    Greater 1 2 2 1 1 axis:i broadcast:i
    Greater 7 2 2 1 1
    Greater 9 2 2 1 1
    Greater 13 2 2 1 1
    GreaterOrEqual 12 2 2 1 1
    GreaterOrEqual 16 2 2 1 1
    GridSample 16 2 2 1 1 align_corners:i mode:s padding_mode:s
    GridSample 20 2 2 1 1 align_corners:i mode:s padding_mode:s
    GridSample 22 2 2 1 1 align_corners:i mode:s padding_mode:s
    GroupNormalization 18
    GroupNormalization 21 3 3 1 1 epsilon:f num_groups:i! stash_type:i
    HardSigmoid 1 1 1 1 1 alpha:f beta:f consumed_inputs:I
    HardSigmoid 6 1 1 1 1 alpha:f beta:f
    HardSigmoid 22 1 1 1 1 alpha:f beta:f
    HardSwish 14 1 1 1 1
    HardSwish 22 1 1 1 1
    Hardmax 1 1 1 1 1 axis:i
    Hardmax 11 1 1 1 1 axis:i
    Hardmax 13 1 1 1 1 axis:i
    Identity 1 1 1 1 1
    Identity 13 1 1 1 1
    Identity 14 1 1 1 1
    Identity 16 1 1 1 1
    Identity 19 1 1 1 1
    Identity 21 1 1 1 1
    Identity 23 1 1 1 1
    Identity 24 1 1 1 1
    Identity 25 1 1 1 1
    InstanceNormalization 1 3 3 1 1 consumed_inputs:I epsilon:f
    InstanceNormalization 6 3 3 1 1 epsilon:f
    InstanceNormalization 22 3 3 1 1 epsilon:f
    IsInf 10 1 1 1 1 detect_negative:i detect_positive:i
    IsInf 20 1 1 1 1 detect_negative:i detect_positive:i
    IsNaN 9 1 1 1 1
    IsNaN 13 1 1 1 1
    IsNaN 20 1 1 1 1
    LRN 1 1 1 1 1 alpha:f beta:f bias:f size:i!
    LRN 13 1 1 1 1 alpha:f beta:f bias:f size:i!
    LayerNormalization 17 2 3 1 3 axis:i epsilon:f stash_type:i
    LeakyRelu 1 1 1 1 1 alpha:f consumed_inputs:I
    LeakyRelu 6 1 1 1 1 alpha:f
    LeakyRelu 16 1 1 1 1 alpha:f
    Less 1 2 2 1 1 axis:i broadcast:i
    Less 7 2 2 1 1
    Less 9 2 2 1 1
    Less 13 2 2 1 1
    LessOrEqual 12 2 2 1 1
    LessOrEqual 16 2 2 1 1
    Log 1 1 1 1 1 consumed_inputs:I
    Log 6 1 1 1 1
    Log 13 1 1 1 1
    LogSoftmax 1 1 1 1 1 axis:i
    LogSoftmax 11 1 1 1 1 axis:i
    LogSoftmax 13 1 1 1 1 axis:i
    LpNormalization 1 1 1 1 1 axis:i p:i
    LpNormalization 22 1 1 1 1 axis:i p:i
    LpPool 1 1 1 1 1 auto_pad:s kernel_shape:I p:f pads:I strides:I
    LpPool 2 1 1 1 1 auto_pad:s kernel_shape:I! p:i pads:I strides:I
    LpPool 11 1 1 1 1 auto_pad:s kernel_shape:I! p:i pads:I strides:I
    LpPool 18 1 1 1 1 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! p:i pads:I strides:I
    LpPool 22 1 1 1 1 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! p:i pads:I strides:I
    MatMul 1 2 2 1 1
    MatMul 9 2 2 1 1
    MatMul 13 2 2 1 1
    MatMulInteger 10 2 4 1 1
    Max 1 1 2147483647 1 1 consumed_inputs:I
    Max 6 1 2147483647 1 1
    Max 8 1 2147483647 1 1
    Max 12 1 2147483647 1 1
    Max 13 1 2147483647 1 1
    MaxPool 1 1 1 1 1 auto_pad:s kernel_shape:I! pads:I strides:I
    MaxPool 8 1 1 1 2 auto_pad:s kernel_shape:I! pads:I storage_order:i strides:I
    MaxPool 10 1 1 1 2 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I
    MaxPool 11 1 1 1 2 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I
    MaxPool 12 1 1 1 2 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I
    MaxPool 22 1 1 1 2 auto_pad:s ceil_mode:i dilations:I kernel_shape:I! pads:I storage_order:i strides:I
    Mean 1 1 2147483647 1 1 consumed_inputs:I
    Mean 6 1 2147483647 1 1
    Mean 8 1 2147483647 1 1
    Mean 13 1 2147483647 1 1
    MeanVarianceNormalization 9 1 1 1 1 axes:I
    MeanVarianceNormalization 13 1 1 1 1 axes:I
    Min 1 1 2147483647 1 1 consumed_inputs:I
    Min 6 1 2147483647 1 1
    Min 8 1 2147483647 1 1
    Min 12 1 2147483647 1 1
    Min 13 1 2147483647 1 1
    Mish 18 1 1 1 1
    Mish 22 1 1 1 1
    Mod 10 2 2 1 1 fmod:i
    Mod 13 2 2 1 1 fmod:i
    Mod 28 2 2 1 1 fmod:i
    Mul 1 2 2 1 1 axis:i broadcast:i consumed_inputs:I
    Mul 6 2 2 1 1 axis:i broadcast:i
    Mul 7 2 2 1 1
    Mul 13 2 2 1 1
    Mul 14 2 2 1 1
    Neg 1 1 1 1 1 consumed_inputs:I
    Neg 6 1 1 1 1
    Neg 13 1 1 1 1
    Not 1 1 1 1 1
    OneHot 9 3 3 1 1 axis:i
    OneHot 11 3 3 1 1 axis:i
    OneHot 28 3 3 1 1 axis:i
    Or 1 2 2 1 1 axis:i broadcast:i
    Or 7 2 2 1 1
    PRelu 1 2 2 1 1 consumed_inputs:I
    PRelu 6 2 2 1 1
    PRelu 7 2 2 1 1
    PRelu 9 2 2 1 1
    PRelu 16 2 2 1 1
    Pad 1 1 1 1 1 mode:s paddings:I! value:f
    Pad 2 1 1 1 1 mode:s pads:I! value:f
    Pad 11 2 3 1 1 mode:s
    Pad 13 2 3 1 1 mode:s
    Pad 18 2 4 1 1 mode:s
    Pad 19 2 4 1 1 mode:s
    Pad 21 2 4 1 1 mode:s
    Pad 23 2 4 1 1 mode:s
    Pad 24 2 4 1 1 mode:s
    Pad 25 2 4 1 1 mode:s
    Pow 1 2 2 1 1 axis:i broadcast:i
    Pow 7 2 2 1 1
    Pow 12 2 2 1 1
    Pow 13 2 2 1 1
    Pow 15 2 2 1 1
    QLinearConv 10 8 9 1 1 auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I
    QLinearMatMul 10 8 8 1 1
    QLinearMatMul 21 8 8 1 1
    QuantizeLinear 10 2 3 1 1
    QuantizeLinear 13 2 3 1 1 axis:i
    QuantizeLinear 19 2 3 1 1 axis:i saturate:i
    QuantizeLinear 21 2 3 1 1 axis:i block_size:i output_dtype:i saturate:i
    QuantizeLinear 23 2 3 1 1 axis:i block_size:i output_dtype:i precision:i saturate:i
    QuantizeLinear 24 2 3 1 1 axis:i block_size:i output_dtype:i precision:i saturate:i
    QuantizeLinear 25 2 3 1 1 axis:i block_size:i output_dtype:i precision:i saturate:i
    QuantizeLinear 28 2 3 1 1 axis:i block_size:i output_dtype:i precision:i saturate:i
    RMSNormalization 23 2 2 1 1 axis:i epsilon:f stash_type:i
    Range 11 3 3 1 1
    Range 27 3 3 1 1 stash_type:i
    Reciprocal 1 1 1 1 1 consumed_inputs:I
    Reciprocal 6 1 1 1 1
    Reciprocal 13 1 1 1 1
    ReduceL1 1 1 1 1 1 axes:I keepdims:i
    ReduceL1 11 1 1 1 1 axes:I keepdims:i
    ReduceL1 13 1 1 1 1 axes:I keepdims:i
    ReduceL1 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceL2 1 1 1 1 1 axes:I keepdims:i
    ReduceL2 11 1 1 1 1 axes:I keepdims:i
    ReduceL2 13 1 1 1 1 axes:I keepdims:i
    ReduceL2 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceLogSum 1 1 1 1 1 axes:I keepdims:i
    ReduceLogSum 11 1 1 1 1 axes:I keepdims:i
    ReduceLogSum 13 1 1 1 1 axes:I keepdims:i
    ReduceLogSum 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceLogSum 28 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceLogSumExp 1 1 1 1 1 axes:I keepdims:i
    ReduceLogSumExp 11 1 1 1 1 axes:I keepdims:i
    ReduceLogSumExp 13 1 1 1 1 axes:I keepdims:i
    ReduceLogSumExp 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceLogSumExp 28 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceMax 1 1 1 1 1 axes:I keepdims:i
    ReduceMax 11 1 1 1 1 axes:I keepdims:i
    ReduceMax 12 1 1 1 1 axes:I keepdims:i
    ReduceMax 13 1 1 1 1 axes:I keepdims:i
    ReduceMax 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceMax 20 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceMean 1 1 1 1 1 axes:I keepdims:i
    ReduceMean 11 1 1 1 1 axes:I keepdims:i
    ReduceMean 13 1 1 1 1 axes:I keepdims:i
    ReduceMean 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceMin 1 1 1 1 1 axes:I keepdims:i
    ReduceMin 11 1 1 1 1 axes:I keepdims:i
    ReduceMin 12 1 1 1 1 axes:I keepdims:i
    ReduceMin 13 1 1 1 1 axes:I keepdims:i
    ReduceMin 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceMin 20 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceProd 1 1 1 1 1 axes:I keepdims:i
    ReduceProd 11 1 1 1 1 axes:I keepdims:i
    ReduceProd 13 1 1 1 1 axes:I keepdims:i
    ReduceProd 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceSum 1 1 1 1 1 axes:I keepdims:i
    ReduceSum 11 1 1 1 1 axes:I keepdims:i
    ReduceSum 13 1 2 1 1 keepdims:i noop_with_empty_axes:i
    ReduceSumSquare 1 1 1 1 1 axes:I keepdims:i
    ReduceSumSquare 11 1 1 1 1 axes:I keepdims:i
    ReduceSumSquare 13 1 1 1 1 axes:I keepdims:i
    ReduceSumSquare 18 1 2 1 1 keepdims:i noop_with_empty_axes:i
    Relu 1 1 1 1 1 consumed_inputs:I
    Relu 6 1 1 1 1
    Relu 13 1 1 1 1
    Relu 14 1 1 1 1
    Reshape 1 1 1 1 1 consumed_inputs:I shape:I
    Reshape 5 2 2 1 1
    Reshape 13 2 2 1 1
    Reshape 14 2 2 1 1 allowzero:i
    Reshape 19 2 2 1 1 allowzero:i
    Reshape 21 2 2 1 1 allowzero:i
    Reshape 23 2 2 1 1 allowzero:i
    Reshape 24 2 2 1 1 allowzero:i
    Reshape 25 2 2 1 1 allowzero:i
    Resize 10 2 2 1 1 mode:s
    Resize 11 3 4 1 1 coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s
    Resize 13 1 4 1 1 coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s
    Resize 18 1 4 1 1 antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s
    Resize 19 1 4 1 1 antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s
    RotaryEmbedding 23 3 4 1 1 interleaved:i num_heads:i rotary_embedding_dim:i
    Round 11 1 1 1 1
    Round 22 1 1 1 1
    Scatter 9 3 3 1 1 axis:i
    Scatter 11
    ScatterElements 11 3 3 1 1 axis:i
    ScatterElements 13 3 3 1 1 axis:i
    ScatterElements 16 3 3 1 1 axis:i reduction:s
    ScatterElements 18 3 3 1 1 axis:i reduction:s
    ScatterND 11 3 3 1 1
    ScatterND 13 3 3 1 1
    ScatterND 16 3 3 1 1 reduction:s
    ScatterND 18 3 3 1 1 reduction:s
    Selu 1 1 1 1 1 alpha:f consumed_inputs:I gamma:f
    Selu 6 1 1 1 1 alpha:f gamma:f
    Selu 22 1 1 1 1 alpha:f gamma:f
    Shape 1 1 1 1 1
    Shape 13 1 1 1 1
    Shape 15 1 1 1 1 end:i start:i
    Shape 19 1 1 1 1 end:i start:i
    Shape 21 1 1 1 1 end:i start:i
    Shape 23 1 1 1 1 end:i start:i
    Shape 24 1 1 1 1 end:i start:i
    Shape 25 1 1 1 1 end:i start:i
    Shrink 9 1 1 1 1 bias:f lambd:f
    Sigmoid 1 1 1 1 1 consumed_inputs:I
    Sigmoid 6 1 1 1 1
    Sigmoid 13 1 1 1 1
    Sign 9 1 1 1 1
    Sign 13 1 1 1 1
    Sin 7 1 1 1 1
    Sin 22 1 1 1 1
    Sinh 9 1 1 1 1
    Sinh 22 1 1 1 1
    Size 1 1 1 1 1
    Size 13 1 1 1 1
    Size 19 1 1 1 1
    Size 21 1 1 1 1
    Size 23 1 1 1 1
    Size 24 1 1 1 1
    Size 25 1 1 1 1
    Slice 1 1 1 1 1 axes:I ends:I! starts:I!
    Slice 10 3 5 1 1
    Slice 11 3 5 1 1
    Slice 13 3 5 1 1
    Softmax 1 1 1 1 1 axis:i
    Softmax 11 1 1 1 1 axis:i
    Softmax 13 1 1 1 1 axis:i
    Softplus 1 1 1 1 1
    Softplus 22 1 1 1 1
    Softsign 1 1 1 1 1
    Softsign 22 1 1 1 1
    SpaceToDepth 1 1 1 1 1 blocksize:i!
    SpaceToDepth 13 1 1 1 1 blocksize:i!
    SpaceToDepth 28 1 1 1 1 blocksize:i! mode:s
    Split 1 1 2 1 2147483647 axis:i split:I
    Split 2 1 1 1 2147483647 axis:i split:I
    Split 11 1 1 1 2147483647 axis:i split:I
    Split 13 1 2 1 2147483647 axis:i
    Split 18 1 2 1 2147483647 axis:i num_outputs:i
    Sqrt 1 1 1 1 1 consumed_inputs:I
    Sqrt 6 1 1 1 1
    Sqrt 13 1 1 1 1
    Squeeze 1 1 1 1 1 axes:I
    Squeeze 11 1 1 1 1 axes:I
    Squeeze 13 1 2 1 1
    Squeeze 21 1 2 1 1
    Squeeze 23 1 2 1 1
    Squeeze 24 1 2 1 1
    Squeeze 25 1 2 1 1
    Sub 1 2 2 1 1 axis:i broadcast:i consumed_inputs:I
    Sub 6 2 2 1 1 axis:i broadcast:i
    Sub 7 2 2 1 1
    Sub 13 2 2 1 1
    Sub 14 2 2 1 1
    Sum 1 1 2147483647 1 1 consumed_inputs:I
    Sum 6 1 2147483647 1 1
    Sum 8 1 2147483647 1 1
    Sum 13 1 2147483647 1 1
    SwiGLU 28 2 2 1 1 alpha:f
    Swish 24 1 1 1 1 alpha:f
    Tan 7 1 1 1 1
    Tan 22 1 1 1 1
    Tanh 1 1 1 1 1 consumed_inputs:I
    Tanh 6 1 1 1 1
    Tanh 13 1 1 1 1
    ThresholdedRelu 10 1 1 1 1 alpha:f
    ThresholdedRelu 22 1 1 1 1 alpha:f
    Tile 1 3 3 1 1
    Tile 6 2 2 1 1
    Tile 13 2 2 1 1
    TopK 1 1 1 2 2 axis:i k:i!
    TopK 10 2 2 2 2 axis:i
    TopK 11 2 2 2 2 axis:i largest:i sorted:i
    TopK 24 2 2 2 2 axis:i largest:i sorted:i
    Transpose 1 1 1 1 1 perm:I
    Transpose 13 1 1 1 1 perm:I
    Transpose 21 1 1 1 1 perm:I
    Transpose 23 1 1 1 1 perm:I
    Transpose 24 1 1 1 1 perm:I
    Transpose 25 1 1 1 1 perm:I
    Trilu 14 1 2 1 1 upper:i
    Unsqueeze 1 1 1 1 1 axes:I!
    Unsqueeze 11 1 1 1 1 axes:I!
    Unsqueeze 13 2 2 1 1
    Unsqueeze 21 2 2 1 1
    Unsqueeze 23 2 2 1 1
    Unsqueeze 24 2 2 1 1
    Unsqueeze 25 2 2 1 1
    Upsample 1 1 1 1 1 height_scale:f! mode:s width_scale:f!
    Upsample 7 1 1 1 1 mode:s scales:F!
    Upsample 9 2 2 1 1 mode:s
    Upsample 10
    Where 9 3 3 1 1
    Where 16 3 3 1 1
    Xor 1 2 2 1 1 axis:i broadcast:i
    Xor 7 2 2 1 1
    """
}
