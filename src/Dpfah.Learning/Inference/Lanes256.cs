using System.Runtime.Intrinsics;

namespace Dpfah.Learning.Inference;

/// <summary>AVX2 with FMA: 16 registers, of which six rows of two vectors take 12. The runtime has it on every processor, in halves or by hand.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

    public static int BlockVectors => 2;

    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    public static void Store(Vector256<float> value, float* destination) => Vector256.Store(value, destination);

    public static Vector256<float> Splat(float value) => Vector256.Create(value);

    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    public static Vector256<float> PowerOfTwo(Vector256<float> shifted) =>
        ((shifted.AsInt32() << 23) + Vector256.Create(127 << 23)).AsSingle();
}
