using System.Text.Json;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Hashing;

internal static class ReferenceTensor
{
    /// <summary>A JSON vector or matrix as a tensor of doubles.</summary>
    public static Tensor ToTensor(this JsonElement json)
    {
        JsonElement[] rows = [.. json.EnumerateArray()];
        return rows[0].ValueKind == JsonValueKind.Number
            ? tensor(rows.Select(v => v.GetDouble()).ToArray())
            : stack(rows.Select(row => row.ToTensor()));
    }

    /// <summary>Fails unless two tensors have one shape and differ by at most <paramref name="tolerance"/> anywhere.</summary>
    public static void AssertNear(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<double>(), 0, tolerance);
    }
}
