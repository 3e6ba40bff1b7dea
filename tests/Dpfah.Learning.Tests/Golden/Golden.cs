using System.Text.Json;
using Dpfah.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

/// <summary>Reads golden numbers and compares with them.</summary>
internal static class Golden
{
    /// <summary>What is allowed of losses and the attention in a type, by the README of the reference values.</summary>
    public static double Tolerance(ScalarType type) => type == ScalarType.Float64 ? GoldenTolerance.Float64 : GoldenTolerance.Float32;

    /// <summary>What is allowed of the whole network.</summary>
    public static double NetworkTolerance(ScalarType type) => type == ScalarType.Float64 ? GoldenTolerance.Float64 : GoldenTolerance.Float32Network;

    /// <summary>All numbers of an array of any depth, row by row.</summary>
    public static double[] Numbers(this JsonElement element) => element.ValueKind == JsonValueKind.Array
        ? [.. element.EnumerateArray().SelectMany(Numbers)]
        : [element.GetDouble()];

    public static long[] Shape(this JsonElement element) => [.. element.EnumerateArray().Select(d => d.GetInt64())];

    /// <summary>Each value within <paramref name="tolerance"/> of the expected one, relative to the largest expected.</summary>
    public static void AssertClose(JsonElement expected, Tensor actual, double tolerance, string what) =>
        AssertClose(expected.Numbers(), actual, tolerance, what);

    /// <inheritdoc cref="AssertClose(JsonElement, Tensor, double, string)"/>
    public static void AssertClose(double[] expected, Tensor actual, double tolerance, string what)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] values = [.. actual.detach().cpu().to_type(ScalarType.Float64).contiguous().data<double>()];
        Assert.True(expected.Length == values.Length, $"{what}: {values.Length} values, expected {expected.Length}");
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(values[i] - expected[i]) <= tolerance * largest,
                $"{what}[{i}]: {values[i]:R}, expected {expected[i]:R} within {tolerance} of {largest:R}");
        }
    }

    /// <summary>Compares a tensor with its digest: shape, sum, sum of magnitudes, first eight values.</summary>
    /// <remarks>The sums' tolerance is relative to the sum of magnitudes: a sum near zero has no digits of its own.</remarks>
    public static void AssertDigest(JsonElement expected, Tensor actual, double tolerance, string what)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = actual.detach().to_type(ScalarType.Float64);
        double magnitude = expected.GetProperty("abs_sum").GetDouble();
        Assert.Equal(expected.GetProperty("shape").Shape(), actual.shape);
        AssertWithin(expected.GetProperty("sum").GetDouble(), values.sum().item<double>(), tolerance * magnitude, $"{what}.sum");
        AssertWithin(magnitude, values.abs().sum().item<double>(), tolerance * magnitude, $"{what}.abs_sum");
        AssertClose(expected.GetProperty("first8"), values.reshape(-1)[..8], tolerance, $"{what}.first8");
    }

    public static void AssertWithin(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(actual - expected) <= tolerance, $"{what}: {actual:R}, expected {expected:R} within {tolerance:R}");
}
