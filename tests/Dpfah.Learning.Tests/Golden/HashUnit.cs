using TorchSharp;
using static TorchSharp.torch;

namespace Dpfah.Learning.Tests.Golden;

/// <summary>The inputs of the golden files: an integer hash that any language can reproduce (golden/README.md).</summary>
internal static class HashUnit
{
    /// <summary>The first values for a seed, each in [-1, 1).</summary>
    public static double[] Values(long count, uint seed)
    {
        var values = new double[count];
        for (uint i = 0; i < count; i++)
        {
            uint h = unchecked((i * 2654435761) + (seed * 40503) + 1);
            h ^= h >> 16;
            h = unchecked(h * 0x45D9F3B);
            h ^= h >> 16;
            values[i] = (h / 2147483648.0) - 1;
        }

        return values;
    }

    /// <summary>The same as a float64 tensor of a shape, times <paramref name="scale"/>, plus <paramref name="shift"/>.</summary>
    public static Tensor Fill(long[] shape, uint seed, double scale = 1, double shift = 0)
    {
        using DisposeScope scope = NewDisposeScope();
        return ((tensor(Values(shape.Aggregate(1L, (a, b) => a * b), seed)).reshape(shape) * scale) + shift).MoveToOuterDisposeScope();
    }
}
