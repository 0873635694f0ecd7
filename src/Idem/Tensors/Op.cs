// The operations that can be recorded. Each has a backward in Gradients.cs.

namespace Idem.Tensors;

internal enum Op : byte
{
    None,
    Add,
    Subtract,
    Multiply,
    Divide,
    AddScalar,
    MultiplyScalar,
    Unary,
    MatMul,
    Reshape,
    Slice,
    Transpose,
    Sum,
    Mean,
    Softmax,
    LogSoftmax,
    LayerNorm,
    RmsNorm,
    Embedding,
    Dropout,
    PackHeads,
    Attention,
    RaggedAttention,
    CrossEntropy,
    LinearCrossEntropy,
}
